//! Lists: from a page of rows to what the browser shows. Each list adds its columns, filters and rows.

mod accounts;
mod audit_log;
mod licenses;
mod machines;
mod mails;
mod orders;
mod query;
mod stripe_events;

use latchkey_licensing::time::Timestamp;
use latchkey_service::{FieldError, List, ListPage, RowCount};

use crate::{
    admin::model::{
        list_view::{ListContent, ListName, ListView},
        lists::{
            BulkAct, Chip, Column, Emptiness, Filter, LinkTo, ListFrame, Pages, Row, SearchBox, Sort, SortOrder, Table,
        },
    },
    routes::AdminPage,
};

pub(crate) use query::{Fields, link, parse};

/// The values of filters that depend on the catalog: codes and names.
#[derive(Clone, Debug, Default)]
pub(crate) struct CatalogChoices {
    pub(crate) policies: Vec<(String, String)>,
    pub(crate) products: Vec<(String, String)>,
}

/// A column's heading and the orders that it offers.
pub(crate) struct ShownColumn {
    label: &'static str,
    is_number: bool,
    ascending: Option<&'static str>,
    descending: Option<&'static str>,
}

impl ShownColumn {
    const fn new(label: &'static str) -> Self {
        Self { label, is_number: false, ascending: None, descending: None }
    }

    const fn number(label: &'static str) -> Self {
        Self { is_number: true, ..Self::new(label) }
    }

    const fn sorted(label: &'static str, ascending: Option<&'static str>, descending: Option<&'static str>) -> Self {
        Self { ascending, descending, ..Self::new(label) }
    }
}

/// A filter with a fixed set of values.
pub(crate) struct ShownFilter {
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
}

impl ShownFilter {
    fn new(name: &'static str, label: &'static str, options: &[(&str, &str)]) -> Self {
        let options = options.iter().map(|(value, word)| ((*value).to_owned(), (*word).to_owned()));
        Self { name, label, options: options.collect() }
    }

    fn of(name: &'static str, label: &'static str, options: &[(String, String)]) -> Self {
        Self { name, label, options: options.to_vec() }
    }
}

/// A list that the admin portal shows.
pub(crate) trait ShownList: List {
    /// Its name in requests.
    const LIST: ListName;
    /// Its title: `Licenses`.
    const TITLE: &'static str;
    /// What the search field finds. `None` if there is none.
    const HINT: Option<&'static str>;
    /// What will appear in it, and what makes it appear.
    const NOTHING_YET: (&'static str, &'static str);
    /// The columns of its table.
    const TABLE: &'static [ShownColumn];

    /// Its filters.
    fn filters(choices: &CatalogChoices) -> Vec<ShownFilter>;

    /// A row of the table.
    fn row(row: &Self::Row, now: Timestamp) -> Row;

    /// What can be done to selected rows.
    fn acts() -> Vec<BulkAct> {
        Vec::new()
    }

    /// The page on which objects of this kind are created.
    fn create() -> Option<LinkTo> {
        None
    }
}

/// A page of a list.
pub(crate) fn page<L: ShownList>(page: &ListPage<L>, fields: &Fields, choices: &CatalogChoices) -> ListView {
    let count = match page.count {
        RowCount::Exactly(count) => grouped(count),
        RowCount::MoreThan(count) => format!("{}+", grouped(count)),
    };
    let content = if page.rows.is_empty() { empty::<L>(fields) } else { rows(page, fields, &count) };
    ListView { frame: frame::<L>(fields, choices, Some(count)), content }
}

/// The same for a query that the list does not understand. Nothing that was entered is lost.
pub(crate) fn refused<L: ShownList>(error: &FieldError, fields: &Fields, choices: &CatalogChoices) -> ListView {
    let known = label::<L>(error.field(), choices);
    let (filter, remedy) = match (known, error) {
        (Some(label), FieldError::Invalid { expected, .. }) => (label, format!("Use {expected}.")),
        (Some(label), FieldError::Twice { .. }) => (label, "Use it once.".to_owned()),
        _ => ("The address".to_owned(), "It contains a filter that this list does not have.".to_owned()),
    };
    ListView { frame: frame::<L>(fields, choices, None), content: ListContent::Refused { filter, remedy } }
}

fn frame<L: ShownList>(fields: &Fields, choices: &CatalogChoices, count: Option<String>) -> ListFrame {
    let page = list_page(L::LIST);
    let filters = L::filters(choices).into_iter().map(|filter| Filter {
        name: filter.name.to_owned(),
        label: filter.label.to_owned(),
        value: fields.get(filter.name).unwrap_or_default().to_owned(),
        options: filter.options,
    });
    let filters: Vec<Filter> = filters.collect();
    let is_shown = |name: &str| name == "q" || filters.iter().any(|filter| filter.name == name);
    let chips = fields.filters().filter(|(name, _)| L::FIELDS.contains(name));
    let chips = chips.map(|(name, value)| Chip {
        label: label::<L>(name, choices).unwrap_or_else(|| name.to_owned()),
        value: word(&filters, name, value),
        remove: link(&page, &fields.without(name)),
    });
    ListFrame {
        title: L::TITLE.to_owned(),
        count,
        create: L::create(),
        export: None,
        search: SearchBox {
            action: page.path(),
            value: fields.get("q").unwrap_or_default().to_owned(),
            hint: L::HINT.unwrap_or("This list has no search").to_owned(),
            kept: fields.kept(is_shown),
        },
        chips: chips.collect(),
        clear: link(&page, &fields.only_sort()),
        filters,
        views: Vec::new(),
        save_view: None,
    }
}

fn rows<L: ShownList>(page: &ListPage<L>, fields: &Fields, count: &str) -> ListContent {
    let here = list_page(L::LIST);
    let column = |column: &ShownColumn| Column {
        label: column.label.to_owned(),
        sort: sort(&here, fields, column, page.sort),
        is_number: column.is_number,
    };
    let table = Table {
        caption: format!("{}, sorted by: {}", L::TITLE, page.sort.replace('_', " ")),
        columns: L::TABLE.iter().map(column).collect(),
        rows: page.rows.iter().map(|row| L::row(row, page.now)).collect(),
    };
    let at = |name: &str, cursor: &Option<String>| cursor.as_ref().map(|cursor| link(&here, &fields.at(name, cursor)));
    let previous = at("before", &page.previous);
    let pages = Pages {
        shown: format!("{} of {count}", grouped(u32::try_from(page.rows.len()).unwrap_or(u32::MAX))),
        first: previous.is_some().then(|| link(&here, &fields.start())),
        previous,
        next: at("after", &page.next),
    };
    ListContent::Rows { table, pages, acts: L::acts() }
}

fn empty<L: ShownList>(fields: &Fields) -> ListContent {
    let page = list_page(L::LIST);
    if fields.filters().next().is_some() {
        return ListContent::Empty(Emptiness::NoMatch { clear: link(&page, &fields.only_sort()) });
    }
    let (what, how) = L::NOTHING_YET;
    ListContent::Empty(Emptiness::NothingYet { what: what.to_owned(), how: how.to_owned(), action: L::create() })
}

/// The link of a heading: the other order if it is sorted by this column, and otherwise its first.
fn sort(page: &AdminPage, fields: &Fields, column: &ShownColumn, current: &str) -> Option<Sort> {
    let (ascending, descending) = (column.ascending, column.descending);
    let is_current = |order: Option<&str>| order == Some(current);
    let (order, next) = if is_current(ascending) {
        (SortOrder::Ascending, descending.or(ascending)?)
    } else if is_current(descending) {
        (SortOrder::Descending, ascending.or(descending)?)
    } else {
        (SortOrder::None, ascending.or(descending)?)
    };
    Some(Sort { href: link(page, &fields.sorted(next)), order })
}

/// What a field is called. `None` if the list does not have it.
fn label<L: ShownList>(field: &str, choices: &CatalogChoices) -> Option<String> {
    if let Some(filter) = L::filters(choices).into_iter().find(|filter| filter.name == field) {
        return Some(filter.label.to_owned());
    }
    let common = matches!(field, "sort" | "page_size" | "after" | "before");
    if !common && !L::FIELDS.contains(&field) {
        return None;
    }
    let label = match field {
        "q" => "Search",
        "account" => "Customer",
        "license" => "License",
        "fingerprint" => "Fingerprint",
        "from" => "From",
        "to" => "Until",
        "expires_from" => "Expires from",
        "expires_to" => "Expires until",
        "seen_from" => "Last seen from",
        "seen_to" => "Last seen until",
        "actor_id" => "Actor",
        "subject_id" => "Record",
        "kind" => "Kind",
        "object" => "Object",
        "event" => "Event",
        "page_size" => "Rows on a page",
        "sort" => "Order",
        "after" | "before" => "Page",
        _ => return Some(field.replace('_', " ")),
    };
    Some(label.to_owned())
}

/// What a filter's value is called.
fn word(filters: &[Filter], field: &str, value: &str) -> String {
    let options = filters.iter().filter(|filter| filter.name == field).flat_map(|filter| &filter.options);
    let found = options.into_iter().find(|(option, _)| option == value);
    found.map_or_else(|| value.to_owned(), |(_, word)| word.clone())
}

pub(crate) fn list_page(list: ListName) -> AdminPage {
    match list {
        ListName::Customers => AdminPage::Customers,
        ListName::Licenses => AdminPage::Licenses,
        ListName::Machines => AdminPage::Machines,
        ListName::Activations => AdminPage::Activations,
        ListName::Orders => AdminPage::Orders,
        ListName::Events => AdminPage::Events,
        ListName::Mails => AdminPage::Mails,
        ListName::Audit => AdminPage::Audit,
    }
}

/// A number with commas: `1,204`.
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000, "10,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
