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
use latchkey_service::{FieldError, List, ListDesk, ListPage, MAX_BULK, RowCount, SavedViewRow};

use crate::{
    admin::model::{
        list_view::{ListContent, ListName, ListView},
        lists::{
            BulkAct, Chip, Column, Emptiness, Filter, LinkTo, ListFrame, Pages, Row, SavedView, SearchBox, SelectAll,
            Selection, Sort, SortOrder, Table,
        },
    },
    routes::{AdminPage, ListPath, ViewActName},
};

pub(crate) use query::{Fields, link, parse};

/// The values of filters that depend on the catalog.
pub(crate) use latchkey_service::CatalogNames as CatalogChoices;

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
    fn acts(_is_admin: bool) -> Vec<BulkAct> {
        Vec::new()
    }

    /// The page on which objects of this kind are created.
    fn create(_is_admin: bool) -> Option<LinkTo> {
        None
    }
}

/// What a list's page shows.
struct Shown<'a> {
    fields: &'a Fields,
    choices: &'a CatalogChoices,
    views: &'a [SavedViewRow],
    is_admin: bool,
}

/// The page of a list.
pub(crate) fn view<L: ShownList>(desk: &ListDesk<L>, fields: &Fields, is_admin: bool) -> ListView {
    let shown = Shown { fields, choices: &desk.names, views: &desk.views, is_admin };
    match &desk.page {
        Ok(page) => shown.page(page),
        Err(error) => shown.refused::<L>(error),
    }
}

impl Shown<'_> {
    /// A page of rows.
    fn page<L: ShownList>(&self, page: &ListPage<L>) -> ListView {
        let count = match page.count {
            RowCount::Exactly(count) => grouped(count),
            RowCount::MoreThan(count) => format!("{}+", grouped(count)),
        };
        let content = if page.rows.is_empty() { self.empty::<L>() } else { self.rows(page, &count) };
        ListView { toast: None, frame: self.frame::<L>(Some(count)), content }
    }

    /// The same for a query that the list does not understand. Nothing that was entered is lost.
    fn refused<L: ShownList>(&self, error: &FieldError) -> ListView {
        let known = label::<L>(error.field(), self.choices);
        let (filter, remedy) = match (known, error) {
            (Some(label), FieldError::Invalid { expected, .. }) => (label, format!("Use {expected}.")),
            (Some(label), FieldError::Twice { .. }) => (label, "Use it once.".to_owned()),
            _ => ("The address".to_owned(), "It contains a filter that this list does not have.".to_owned()),
        };
        let content = ListContent::Refused { filter, remedy };
        ListView { toast: None, frame: self.frame::<L>(None), content }
    }

    fn frame<L: ShownList>(&self, count: Option<String>) -> ListFrame {
        let (page, fields) = (list_page(L::LIST), self.fields);
        let filters = L::filters(self.choices).into_iter().map(|filter| Filter {
            name: filter.name.to_owned(),
            label: filter.label.to_owned(),
            value: fields.get(filter.name).unwrap_or_default().to_owned(),
            options: filter.options,
        });
        let filters: Vec<Filter> = filters.collect();
        let is_shown = |name: &str| name == "q" || filters.iter().any(|filter| filter.name == name);
        let chips = fields.filters().filter(|(name, _)| L::FIELDS.contains(name));
        let chips = chips.map(|(name, value)| Chip {
            label: label::<L>(name, self.choices).unwrap_or_else(|| name.to_owned()),
            value: word(&filters, name, value),
            remove: link(&page, &fields.without(name)),
        });
        let is_whole = count.is_some();
        let export = AdminPage::Export(list_path(L::LIST));
        ListFrame {
            title: L::TITLE.to_owned(),
            create: L::create(self.is_admin),
            // What cannot be shown cannot be exported.
            export: (self.is_admin && is_whole).then(|| all_of(&export, fields)),
            search: SearchBox {
                action: page.path(),
                value: fields.get("q").unwrap_or_default().to_owned(),
                hint: L::HINT.map(str::to_owned),
                kept: fields.kept(is_shown),
            },
            chips: chips.collect(),
            clear: link(&page, &fields.only_sort()),
            views: self.tabs::<L>(&page),
            save_view: if is_whole { self.save_view::<L>() } else { None },
            count,
            filters,
        }
    }

    /// The saved views, after the list without filters.
    fn tabs<L: ShownList>(&self, page: &AdminPage) -> Vec<SavedView> {
        let here = self.fields.start();
        let is_here = |query: &str| parse(query).same_as(&here);
        let is_all = here.all().is_empty();
        let all = SavedView { name: "All".to_owned(), href: page.path(), is_current: is_all, remove: None };
        let remove = AdminPage::ViewAct(list_path(L::LIST), ViewActName::Remove).path();
        let saved = self.views.iter().map(|view| SavedView {
            name: view.name.clone(),
            href: link(page, &parse(&view.query)),
            is_current: is_here(&view.query),
            remove: Some(format!("{remove}?view={}", view.id)),
        });
        std::iter::once(all).chain(saved).collect()
    }

    /// The page that saves the filters and the order, unless there is nothing to save or a view has them already.
    fn save_view<L: ShownList>(&self) -> Option<String> {
        let here = self.fields.start();
        let is_saved = self.views.iter().any(|view| parse(&view.query).same_as(&here));
        let page = AdminPage::ViewAct(list_path(L::LIST), ViewActName::Save);
        (!here.all().is_empty() && !is_saved).then(|| all_of(&page, &here))
    }

    fn rows<L: ShownList>(&self, page: &ListPage<L>, count: &str) -> ListContent {
        let (here, fields) = (list_page(L::LIST), self.fields);
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
        let at =
            |name: &str, cursor: &Option<String>| cursor.as_ref().map(|cursor| link(&here, &fields.at(name, cursor)));
        let previous = at("before", &page.previous);
        let pages = Pages {
            shown: format!("{} of {count}", grouped(u32::try_from(page.rows.len()).unwrap_or(u32::MAX))),
            first: previous.is_some().then(|| link(&here, &fields.start())),
            previous,
            next: at("after", &page.next),
        };
        let acts = L::acts(self.is_admin);
        let selection = (!acts.is_empty()).then(|| Selection {
            acts,
            filter: fields.start().query(),
            all: select_all(page.count, page.rows.len(), fields.filters().next().is_some()),
        });
        ListContent::Rows { table, pages, selection }
    }

    fn empty<L: ShownList>(&self) -> ListContent {
        let page = list_page(L::LIST);
        if self.fields.filters().next().is_some() {
            return ListContent::Empty(Emptiness::NoMatch { clear: link(&page, &self.fields.only_sort()) });
        }
        let (what, how) = L::NOTHING_YET;
        let action = L::create(self.is_admin);
        ListContent::Empty(Emptiness::NothingYet { what: what.to_owned(), how: how.to_owned(), action })
    }
}

/// Exports the selected rows.
fn export_act(list: ListPath) -> BulkAct {
    BulkAct { action: AdminPage::Export(list).path(), label: "Export".to_owned(), is_dangerous: false }
}

/// Whether all rows that match can be selected: no more than an act takes.
fn select_all(count: RowCount, shown: usize, has_filters: bool) -> SelectAll {
    let which = if has_filters { " that match the filters" } else { "" };
    match count {
        RowCount::Exactly(count) if usize::try_from(count).is_ok_and(|count| count <= shown) => SelectAll::OnPage,
        RowCount::Exactly(count) if usize::try_from(count).is_ok_and(|count| count <= MAX_BULK) => {
            SelectAll::Offered(format!("All {}{which}", grouped(count)))
        }
        RowCount::Exactly(_) | RowCount::MoreThan(_) => {
            let most = grouped(u32::try_from(MAX_BULK).unwrap_or(u32::MAX));
            SelectAll::TooMany(format!("Filter the list to at most {most} to select all."))
        }
    }
}

/// A page about all rows that match.
fn all_of(page: &AdminPage, fields: &Fields) -> String {
    let fields = Fields::default().with("all", "on").with("filter", &fields.start().query());
    link(page, &fields)
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

pub(crate) fn list_path(list: ListName) -> ListPath {
    match list {
        ListName::Customers => ListPath::Customers,
        ListName::Licenses => ListPath::Licenses,
        ListName::Machines => ListPath::Machines,
        ListName::Activations => ListPath::Activations,
        ListName::Orders => ListPath::Orders,
        ListName::Events => ListPath::Events,
        ListName::Mails => ListPath::Mails,
        ListName::Audit => ListPath::Audit,
    }
}

/// The page of the list with this name in paths.
pub(crate) fn page_of(list: ListPath) -> AdminPage {
    match list {
        ListPath::Customers => AdminPage::Customers,
        ListPath::Licenses => AdminPage::Licenses,
        ListPath::Machines => AdminPage::Machines,
        ListPath::Activations => AdminPage::Activations,
        ListPath::Orders => AdminPage::Orders,
        ListPath::Events => AdminPage::Events,
        ListPath::Mails => AdminPage::Mails,
        ListPath::Audit => AdminPage::Audit,
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
