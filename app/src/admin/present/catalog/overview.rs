//! The page of the catalog: everything in it, or its file.

use latchkey_service::{CatalogPrice, CatalogState, PolicyEntry, PriceEntry};
use serde_json::{Value, json};

use super::words;
use crate::{
    admin::{
        model::{
            catalog::{CatalogContent, CatalogSection, CatalogView, FileTexts},
            lists::{Cell, Column, LinkTo, Row, Table},
            object_view::{Section, SectionBody},
        },
        present::objects::{Around, Tab, timeline::entries},
    },
    routes::{AdminPage, CatalogEntryKind as Kind, EntryCode},
    shared::model::{Status, Tone},
};

/// What the page is made of.
pub(crate) struct Known<'a> {
    pub(crate) state: &'a CatalogState,
    pub(crate) prices: &'a [CatalogPrice],
    /// Whether sales are real. `None` without keys of a payment provider.
    pub(crate) is_live: Option<bool>,
    /// The file's text.
    pub(crate) text: String,
}

pub(crate) fn page(known: &Known<'_>, around: &Around<'_>) -> CatalogView {
    let path = AdminPage::Catalog.path();
    let file = &known.state.file;
    let is_empty = file.products.is_empty() && file.entitlements.is_empty();
    let content = match (around.tab, around.timeline) {
        (Tab::Summary, Some((timeline, is_first))) => CatalogContent::Entries {
            sections: sections(known, around.is_admin),
            timeline: entries(timeline, is_first, &AdminPage::Catalog, around.now),
        },
        _ => CatalogContent::File(whole_file(known.text.clone())),
    };
    CatalogView {
        toast: None,
        tabs: vec![
            (LinkTo::new("Entries", path.clone()), around.tab == Tab::Summary),
            (LinkTo::new("As a file", format!("{path}?tab=inspect")), around.tab == Tab::Inspect),
        ],
        first: (is_empty && around.is_admin).then(|| create(Kind::Product)),
        is_empty,
        content,
    }
}

/// The whole catalog as a file, with the commands that apply one.
fn whole_file(whole: String) -> FileTexts {
    FileTexts { entry: None, whole, commands: commands() }
}

/// The commands that plan and apply a file.
pub(crate) fn commands() -> Vec<String> {
    ["latchkey catalog apply catalog.toml --dry-run", "latchkey catalog apply catalog.toml"].map(str::to_owned).to_vec()
}

fn create(kind: Kind) -> LinkTo {
    LinkTo::new(format!("New {}", words::noun(kind)), AdminPage::CatalogNew(kind).path())
}

/// The page of an entry. `None` for a code that no path can contain, which the catalog does not have.
pub(crate) fn entry_page(kind: Kind, code: &str) -> Option<AdminPage> {
    code.parse::<EntryCode>().ok().map(|code| AdminPage::CatalogEntry(kind, code))
}

/// The list of the licenses under a policy.
pub(crate) fn licenses_under(policy: &str) -> String {
    format!("{}?policy={policy}", AdminPage::Licenses.path())
}

fn sections(known: &Known<'_>, is_admin: bool) -> Vec<CatalogSection> {
    let file = &known.state.file;
    let products = file.products.iter().map(|product| {
        let policies = file.policies.iter().filter(|policy| policy.product == product.code).count();
        row(
            Kind::Product,
            &product.code,
            &product.name,
            vec![Cell::Code(product.key_prefix.clone()), Cell::Number(policies.to_string())],
        )
    });
    let entitlements = file.entitlements.iter().map(|entitlement| {
        let policies: Vec<&str> = file
            .policies
            .iter()
            .filter(|policy| policy.entitlements.contains(&entitlement.code))
            .map(|policy| policy.name.as_str())
            .collect();
        let policies = if policies.is_empty() { Cell::Empty } else { Cell::Text(policies.join(", ")) };
        row(Kind::Entitlement, &entitlement.code, &entitlement.name, vec![policies])
    });
    let policies = file.policies.iter().map(|policy| policy_row(known.state, policy));
    let prices = file.prices.iter().map(|price| price_row(known, price));
    let section = |kind, columns: &[(&str, bool)], rows: Vec<Row>, nothing: &str| CatalogSection {
        section: table(kind, columns, rows, nothing),
        create: is_admin.then(|| create(kind)),
    };
    vec![
        section(
            Kind::Product,
            &[("Name", false), ("Code", false), ("Keys begin with", false), ("Policies", true)],
            products.collect(),
            "There are no products yet. A product is what apps name when they check a license.",
        ),
        section(
            Kind::Policy,
            &[
                ("Name", false),
                ("Code", false),
                ("Product", false),
                ("Licenses", true),
                ("Machines", true),
                ("Lasts", false),
            ],
            policies.collect(),
            "There are no policies yet. A policy holds the terms under which licenses are issued.",
        ),
        section(
            Kind::Price,
            &[
                ("Code", false),
                ("Policy", false),
                ("Amount", true),
                ("Paid", false),
                ("Quantity", true),
                ("State", false),
            ],
            prices.collect(),
            "There are no prices yet. A price offers licenses under a policy for money.",
        ),
        section(
            Kind::Entitlement,
            &[("Name", false), ("Code", false), ("Granted by", false)],
            entitlements.collect(),
            "There are no entitlements yet. An entitlement is a feature that a license can grant.",
        ),
    ]
}

/// A row whose name is followed by the entry's code.
fn row(kind: Kind, code: &str, name: &str, cells: Vec<Cell>) -> Row {
    let start = [Cell::Text(name.to_owned()), Cell::Code(code.to_owned())];
    Row { cells: start.into_iter().chain(cells).collect(), ..empty_row(kind, code) }
}

fn empty_row(kind: Kind, code: &str) -> Row {
    Row {
        id: format!("{}-{code}", words::noun(kind)),
        href: entry_page(kind, code).map_or_else(String::new, |page| page.path()),
        cells: Vec::new(),
    }
}

fn policy_row(state: &CatalogState, policy: &PolicyEntry) -> Row {
    let count = state.licenses.get(&policy.code).copied().unwrap_or_default();
    let licenses = match count {
        0 => Cell::Number("0".to_owned()),
        count => Cell::Link(LinkTo::new(number(count), licenses_under(&policy.code))),
    };
    let product = state.file.products.iter().find(|product| product.code == policy.product);
    let shown = json!(policy);
    let words = |name: &str| words::value(Kind::Policy, name, shown.get(name).unwrap_or(&Value::Null), &shown);
    row(
        Kind::Policy,
        &policy.code,
        &policy.name,
        vec![
            Cell::Text(product.map_or(&policy.product, |product| &product.name).clone()),
            licenses,
            Cell::Number(words("max_machines")),
            Cell::Text(words("duration")),
        ],
    )
}

fn price_row(known: &Known<'_>, price: &PriceEntry) -> Row {
    let policy = known.state.file.policies.iter().find(|policy| policy.code == price.policy);
    let shown = json!(price);
    let words = |name: &str| words::value(Kind::Price, name, shown.get(name).unwrap_or(&Value::Null), &shown);
    let quantity = if price.min_quantity == price.max_quantity {
        price.min_quantity.to_string()
    } else {
        format!("{} to {}", price.min_quantity, price.max_quantity)
    };
    let sold = known.prices.iter().find(|found| found.price.code == price.code);
    Row {
        cells: vec![
            Cell::Code(price.code.clone()),
            Cell::Text(policy.map_or(&price.policy, |policy| &policy.name).clone()),
            Cell::Number(words("amount")),
            Cell::Text(words("interval")),
            Cell::Number(quantity),
            Cell::Status(sale(sold, known.is_live)),
        ],
        ..empty_row(Kind::Price, &price.code)
    }
}

/// Whether licenses can be bought at a price.
pub(crate) fn sale(price: Option<&CatalogPrice>, is_live: Option<bool>) -> Status {
    let (word, tone) = match is_live {
        None => ("No payments", Tone::Warn),
        Some(is_live) => match price.and_then(|found| found.price.sold_as(is_live)) {
            Some(_) => ("For sale", Tone::Good),
            None => ("Not at Stripe yet", Tone::Warn),
        },
    };
    Status { word: word.to_owned(), tone, notice: None }
}

pub(crate) fn number(count: i64) -> String {
    u32::try_from(count).map_or_else(|_| count.to_string(), crate::admin::present::lists::grouped)
}

fn table(kind: Kind, columns: &[(&str, bool)], rows: Vec<Row>, nothing: &str) -> Section {
    let title = words::plural(kind).to_owned();
    let body = if rows.is_empty() {
        SectionBody::Nothing(nothing.to_owned())
    } else {
        let columns = columns.iter().map(|(label, is_number)| Column { is_number: *is_number, ..Column::new(label) });
        SectionBody::Table(Table { caption: title.clone(), columns: columns.collect(), rows })
    };
    Section { title, body, all: None }
}
