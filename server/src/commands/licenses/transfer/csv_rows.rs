//! Licenses as CSV. Each row is read with the number of the line on which it starts.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
};

use serde_json::{Map, Value};

use crate::commands::licenses::transfer::{BYTE_ORDER_MARK, FileItem, file_row::FileRow};

/// The columns of a CSV file, in order.
pub(crate) const COLUMNS: [&str; 14] = [
    "id",
    "email",
    "policy",
    "key",
    "status",
    "expires_at",
    "max_machines",
    "max_cores",
    "max_uses",
    "uses",
    "metadata",
    "entitlements",
    "created_at",
    "last_check_in_at",
];

/// The longest row that is accepted, in bytes. It is longer than any license, and stops reading if a quote
/// is never closed.
const MAX_ROW: usize = 64 * 1024;

/// The cells of a row.
pub(crate) fn cells(row: &FileRow) -> [String; 14] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
    let metadata = row.metadata.as_ref().filter(|metadata| !metadata.is_empty());
    let cells = [
        text(&row.id),
        row.email.clone(),
        row.policy.clone(),
        text(&row.key),
        text(&row.status),
        text(&row.expires_at),
        number(row.max_machines),
        number(row.max_cores),
        number(row.max_uses),
        number(row.uses),
        metadata.map_or_else(String::new, |metadata| Value::Object(metadata.clone()).to_string()),
        row.entitlements.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "),
        text(&row.created_at),
        text(&row.last_check_in_at),
    ];
    cells.map(|cell| if needs_apostrophe(&cell) { format!("'{cell}") } else { cell })
}

/// Whether a cell is written with an apostrophe in front of it: because a spreadsheet would take it for a
/// formula (WH-23), or because it already starts with such an apostrophe, which reading would otherwise remove.
fn needs_apostrophe(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn from_cells<'c>(cells: impl Iterator<Item = (&'c str, &'c str)>) -> Result<FileRow, String> {
    let mut row = FileRow::default();
    for (name, cell) in cells {
        let cell = cell.strip_prefix('\'').filter(|rest| needs_apostrophe(rest)).unwrap_or(cell).trim();
        if cell.is_empty() {
            continue;
        }
        let number = || cell.parse().map(Some).map_err(|_| format!("{name}: `{cell}` is not a number"));
        match name {
            "id" => row.id = Some(cell.to_owned()),
            "email" => cell.clone_into(&mut row.email),
            "policy" => cell.clone_into(&mut row.policy),
            "key" => row.key = Some(cell.to_owned()),
            "status" => row.status = Some(cell.to_owned()),
            "expires_at" => row.expires_at = Some(cell.to_owned()),
            "max_machines" => row.max_machines = number()?,
            "max_cores" => row.max_cores = number()?,
            "max_uses" => row.max_uses = number()?,
            "uses" => row.uses = number()?,
            "metadata" => {
                let object: Map<String, Value> =
                    serde_json::from_str(cell).map_err(|error| format!("metadata: not a JSON object: {error}"))?;
                row.metadata = Some(object);
            }
            "entitlements" => row.entitlements = Some(cell.split_whitespace().map(str::to_owned).collect()),
            "last_check_in_at" => row.last_check_in_at = Some(cell.to_owned()),
            "created_at" => row.created_at = Some(cell.to_owned()),
            _ => {}
        }
    }
    Ok(row)
}

/// Passes each row to `take` until that returns false.
pub(crate) fn read(file: impl Read, mut take: impl FnMut(FileItem) -> bool) {
    let mut records = Records { lines: BufReader::new(file), line: 0 };
    let headers = match headers(&mut records) {
        Ok(headers) => headers,
        Err((line, why)) => {
            take(FileItem::Broken { line, why });
            return;
        }
    };
    for record in records {
        let item = match record {
            Ok((line, text)) => match fields(&text, headers.separator) {
                Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => continue,
                cells => FileItem::Row { line, row: cells.and_then(|cells| row(&headers.names, &cells)) },
            },
            Err((line, why)) => FileItem::Broken { line, why },
        };
        if !take(item) {
            return;
        }
    }
}

/// The first row.
struct Headers {
    names: Vec<String>,
    separator: u8,
}

/// The names in the first row, in any case. An empty file has none. Spreadsheets of many countries separate cells with `;`.
fn headers<R: BufRead>(records: &mut Records<R>) -> Result<Headers, (u64, String)> {
    let Some((line, text)) = records.next().transpose()? else {
        return Ok(Headers { names: Vec::new(), separator: b',' });
    };
    // The names contain neither.
    let separator = *b",;\t".iter().find(|separator| text.as_bytes().contains(separator)).unwrap_or(&b',');
    let cells = fields(&text, separator).map_err(|why| (line, why))?;
    let names: Vec<String> = cells.iter().map(|name| name.trim().to_lowercase().replace(' ', "_")).collect();
    if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        return Err((line, format!("there is no column `{unknown}`: the columns are {}", COLUMNS.join(", "))));
    }
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(twice) => Err((line, format!("the column `{twice}` is there twice: remove one"))),
        None => Ok(Headers { names, separator }),
    }
}

fn row(names: &[String], cells: &[String]) -> Result<FileRow, String> {
    if cells.len() != names.len() {
        return Err(format!("the row has {} cells, but there are {} columns", cells.len(), names.len()));
    }
    from_cells(names.iter().map(String::as_str).zip(cells.iter().map(String::as_str)))
}

/// The cells of one record.
fn fields(text: &str, separator: u8) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .buffer_capacity(1024)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let record = records.next().unwrap_or_else(|| Ok(csv::StringRecord::new()));
    if records.next().is_some() {
        return Err("there is a quotation mark in an unquoted cell, or an invalid line ending".to_owned());
    }
    record.map(|record| record.iter().map(str::to_owned).collect()).map_err(|error| error.to_string())
}

/// The records of a file as text, each with the number of the line on which it starts. A record ends with the
/// line on which its number of quotation marks becomes even (RFC 4180). Empty lines are skipped.
struct Records<R> {
    lines: R,
    line: u64,
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<(u64, String), (u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        let mut start = self.line + 1;
        loop {
            let before = bytes.len();
            let limit = (MAX_ROW + 1).saturating_sub(before) as u64;
            match self.lines.by_ref().take(limit).read_until(b'\n', &mut bytes) {
                Err(error) => return Some(Err((start, format!("cannot be read: {error}")))),
                Ok(0) if bytes.is_empty() => return None,
                Ok(0) => return Some(Err((start, "the file ends within a quoted cell".to_owned()))),
                Ok(_) => self.line += 1,
            }
            if bytes.len() > MAX_ROW {
                let why = format!("the row is longer than {MAX_ROW} bytes: a quotation mark may be missing");
                return Some(Err((start, why)));
            }
            if self.line == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                bytes.clear();
                start = self.line + 1;
            } else if has_even_quotes(&bytes) {
                let text = String::from_utf8(bytes).map_err(|_| (start, "is not UTF-8".to_owned()));
                return Some(text.map(|text| (start, text)));
            }
        }
    }
}

fn has_even_quotes(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'"').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &[u8]) -> Vec<(u64, Result<FileRow, String>)> {
        let mut items = Vec::new();
        read(text, |item| {
            items.push(match item {
                FileItem::Row { line, row } => (line, row),
                FileItem::Broken { line, why } => (line, Err(format!("broken: {why}"))),
            });
            true
        });
        items
    }

    /// WH-23: cells that a spreadsheet would run are written so that it does not, and are read back unchanged.
    #[test]
    fn wh_23_formulas_are_escaped() {
        for text in ["=1+1", "+1", "-1", "@x", "\tx", "'=1", "''@x"] {
            let row = FileRow { email: text.to_owned(), ..FileRow::default() };
            let written = cells(&row);
            assert!(written[1].starts_with('\''), "{text}");
            let back = from_cells(COLUMNS.into_iter().zip(written.iter().map(String::as_str))).expect("reads");
            assert_eq!(back.email, text.trim());
        }
        for plain in ["ada@example.com", "'ada@example.com", "o'hara@example.com"] {
            let row = FileRow { email: plain.to_owned(), ..FileRow::default() };
            assert_eq!(cells(&row)[1], plain);
        }
    }

    /// With any line endings, and with empty lines in between.
    #[test]
    fn rows_have_the_numbers_of_their_first_lines() {
        let text = "email,policy,metadata\na,p,\n\n\nb,p,\"{\"\"a\"\":\n1}\"\nc,p,\n\nd\n";
        let expected = [2, 5, 7, 9];
        for (line_ending, text) in [("LF", text.to_owned()), ("CRLF", text.replace('\n', "\r\n"))] {
            for text in [text.clone(), text.trim_end().to_owned(), format!("\u{feff}{text}")] {
                let found = items(text.as_bytes());
                assert_eq!(
                    found.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
                    expected,
                    "{line_ending}: {text:?}"
                );
                assert!(found[..3].iter().all(|(_, row)| row.is_ok()) && found[3].1.is_err(), "{found:?}");
                assert_eq!(found[1].1.as_ref().expect("a row").metadata.as_ref().expect("some")["a"], 1);
            }
        }
    }

    /// As spreadsheets of many countries write files: other separators, other names of columns, rows of empty cells.
    #[test]
    fn files_of_spreadsheets_are_read() {
        for text in [
            "email,policy,expires_at\na,p,2027-01-31\n",
            "Email;Policy;Expires at\r\na;p;2027-01-31\r\n;;\r\n ; ; \r\n",
            "\u{feff} EMAIL , POLICY ,EXPIRES_AT\na,p,2027-01-31\n,,\n",
            "email\tpolicy\texpires_at\na\tp\t2027-01-31\n",
            "\"email\";\"policy\";\"expires_at\"\n\"a\";\"p\";\"2027-01-31\"\n",
        ] {
            let found = items(text.as_bytes());
            let expected = FileRow {
                email: "a".to_owned(),
                policy: "p".to_owned(),
                expires_at: Some("2027-01-31".to_owned()),
                ..FileRow::default()
            };
            assert_eq!(found, [(2, Ok(expected))], "{text:?}");
        }
    }

    #[test]
    fn a_column_that_is_there_twice_is_refused() {
        for text in ["email,policy,email\na,p,b\n", "email;policy;Email\na;p;b\n"] {
            let found = items(text.as_bytes());
            let why = found[0].1.as_ref().expect_err("refused");
            assert!(found.len() == 1 && why.contains("`email` is there twice"), "{why}");
        }
    }

    /// A quotation mark in an unquoted cell does not silently swallow rows.
    #[test]
    fn stray_quotes_are_reported() {
        let found = items(b"email,policy\na\"x,p\nb,p\nc\"x,p\nd,p\n");
        let lines: Vec<_> = found.iter().map(|(line, row)| (*line, row.is_ok())).collect();
        assert_eq!(lines, [(2, false), (5, true)], "{found:?}");
        assert!(found[0].1.as_ref().expect_err("rejected").contains("quotation mark in an unquoted cell"));
    }

    #[test]
    fn truncated_files_differ_from_invalid_rows() {
        for (text, line, why) in [
            (&b"email,policy\na,p\n\"b,p\nc,p\n"[..], 3, "ends within a quoted cell"),
            (&b"email,policy\n\xff,p\n"[..], 2, "not UTF-8"),
            (&b"email,policy\ra,p\rb,p\r"[..], 1, "an invalid line ending"),
            (&b"email,color\na,b\n"[..], 1, "no column `color`"),
        ] {
            let found = items(text);
            let (at, last) = found.last().expect("something");
            let said = last.as_ref().expect_err("broken");
            assert!(*at == line && said.starts_with("broken: ") && said.contains(why), "{at}: {said}");
        }
        let open = format!("email,policy\n\"a,p\n{}", "b,p\n".repeat(100_000));
        let found = items(open.as_bytes());
        assert!(
            found[0].0 == 2 && found[0].1.as_ref().expect_err("broken").contains("a quotation mark may be missing")
        );
    }
}
