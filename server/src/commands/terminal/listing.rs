//! Lists, as commands print them: as lines, as JSON or as CSV.

use std::io::ErrorKind;

use latchkey_service::{Cell, ExportListError, FieldError, List, ListError, ListPage, Operator, RowCount, Service};
use serde_json::{Map, Value, json};

use crate::{cli::lists::ListArgs, console, startup::Failure};

/// The fields of a list that arguments set.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn new(list: &ListArgs) -> Self {
        Self(Vec::new())
            .add("sort", list.sort.clone())
            .add("page_size", list.page_size.clone())
            .add("after", list.after.clone())
            .add("before", list.before.clone())
    }

    pub(crate) fn add(mut self, field: &str, value: Option<String>) -> Self {
        self.0.extend(value.map(|value| (field.to_owned(), value)));
        self
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        let (field, text) = (error.field(), error.to_string());
        // The text is an argument without a name.
        let name = if field == "q" { "TEXT".to_owned() } else { format!("--{}", field.replace('_', "-")) };
        Self::Usage(text.replacen(field, &name, 1))
    }
}

impl From<ExportListError> for Failure {
    fn from(error: ExportListError) -> Self {
        match error {
            ExportListError::Field(error) => error.into(),
            ExportListError::TooMany => Self::Refused(error.to_string()),
            ExportListError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Field(error) => error.into(),
            ListError::Internal(error) => Self::Internal(error),
        }
    }
}

/// Prints a page of a list, or all of it as CSV. `shown` are the columns of the lines.
pub(crate) async fn list<L: List>(
    service: &Service,
    fields: Fields,
    list: &ListArgs,
    shown: &[&str],
    as_json: bool,
) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    if list.csv {
        let mut export = admin.export_list::<L>(&fields.0, &[], &Operator::Host.fresh()).await?;
        while let Some(part) = export.next_part().await.map_err(Failure::Internal)? {
            match console::part(&part) {
                Ok(()) => {}
                // The reader has read enough.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
                Err(error) => return Err(Failure::Refused(format!("the list cannot be written: {error}"))),
            }
        }
        return Ok(());
    }
    let page = admin.list::<L>(&fields.0).await?;
    if as_json {
        console::json(&page_json(&page));
    } else {
        print(&page, shown);
    }
    Ok(())
}

fn page_json<L: List>(page: &ListPage<L>) -> Value {
    let rows: Vec<Value> = page.rows.iter().map(|row| object(L::COLUMNS, L::cells(row, page.now))).collect();
    let (count, is_exact) = match page.count {
        RowCount::Exactly(count) => (count, true),
        RowCount::MoreThan(count) => (count, false),
    };
    json!({
        "rows": rows,
        "count": count,
        "is_count_exact": is_exact,
        "sort": page.sort,
        "previous": page.previous,
        "next": page.next,
    })
}

fn object(columns: &[&str], cells: Vec<Cell>) -> Value {
    let members = columns.iter().zip(cells).map(|(column, cell)| {
        let value = match cell {
            Cell::Empty => Value::Null,
            Cell::Text(text) => json!(text),
            Cell::Number(number) => json!(number),
            Cell::Flag(flag) => json!(flag),
            Cell::Time(at) => json!(at.rfc3339()),
        };
        ((*column).to_owned(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

fn print<L: List>(page: &ListPage<L>, shown: &[&str]) {
    for row in &page.rows {
        let cells = L::COLUMNS.iter().zip(L::cells(row, page.now));
        let named: Vec<(&str, Cell)> = cells.map(|(column, cell)| (*column, cell)).collect();
        let line: Vec<String> = ["id"].iter().chain(shown).map(|column| text(&named, column)).collect();
        console::line(&line.join("  "));
    }
    match page.count {
        RowCount::Exactly(0) => console::line("Nothing matches."),
        RowCount::Exactly(count) => console::line(&format!("{} of {count}", page.rows.len())),
        RowCount::MoreThan(count) => console::line(&format!("{} of more than {count}", page.rows.len())),
    }
    if let Some(previous) = &page.previous {
        console::line(&format!("Before these: --before {previous}"));
    }
    if let Some(next) = &page.next {
        console::line(&format!("After these: --after {next}"));
    }
}

fn text(cells: &[(&str, Cell)], column: &str) -> String {
    let cell = cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| cell);
    match cell {
        None | Some(Cell::Empty) => "-".to_owned(),
        Some(Cell::Time(at)) => at.human(),
        Some(cell) => cell.show(),
    }
}
