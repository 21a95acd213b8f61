//! The page of an entry of the catalog.

use latchkey_service::{CatalogFile, CatalogPrice, CatalogState, Internal};
use serde_json::{Value, json};

use super::{
    overview::{commands, entry_page, licenses_under, number, sale},
    words,
};
use crate::{
    admin::{
        model::{
            lists::{Cell, LinkTo},
            object_view::{ObjectView, Section, SectionBody},
            objects::{Fact, ObjectHead, Related},
        },
        present::objects::{Around, Inspected, Needs, dangerous, fact, text},
    },
    routes::{AdminPage, CatalogActName, CatalogEntryKind as Kind, EntryCode},
};

/// An entry, whatever its kind.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) code: String,
    /// The name, or the code of what has none.
    pub(crate) name: String,
    /// As JSON, with the fields of the file.
    pub(crate) json: Value,
    /// As it stands in a file.
    pub(crate) text: String,
}

impl Entry {
    /// The entry with this code. `None` if there is none.
    pub(crate) fn find(file: &CatalogFile, kind: Kind, code: &str) -> Result<Option<Self>, Internal> {
        let entry = |name: &str, json: Value, text: String| {
            Some(Self { kind, code: code.to_owned(), name: name.to_owned(), json, text })
        };
        Ok(match kind {
            Kind::Product => match file.products.iter().find(|product| product.code == code) {
                Some(found) => entry(&found.name, json!(found), found.to_text()?),
                None => None,
            },
            Kind::Policy => match file.policies.iter().find(|policy| policy.code == code) {
                Some(found) => entry(&found.name, json!(found), found.to_text()?),
                None => None,
            },
            Kind::Price => match file.prices.iter().find(|price| price.code == code) {
                Some(found) => entry(&found.code, json!(found), found.to_text()?),
                None => None,
            },
            Kind::Entitlement => match file.entitlements.iter().find(|entitlement| entitlement.code == code) {
                Some(found) => entry(&found.name, json!(found), found.to_text()?),
                None => None,
            },
        })
    }

    /// A field in words.
    pub(crate) fn shown(&self, name: &str) -> String {
        let pointer = format!("/{}", name.replace('.', "/"));
        words::value(self.kind, name, self.json.pointer(&pointer).unwrap_or(&Value::Null), &self.json)
    }
}

pub(crate) fn page(
    entry: &Entry,
    code: &EntryCode,
    state: &CatalogState,
    price: Option<&CatalogPrice>,
    is_live: Option<bool>,
    around: &Around<'_>,
) -> ObjectView {
    let page = AdminPage::CatalogEntry(entry.kind, code.clone());
    let act =
        |label: &str, act| around.act(label, &AdminPage::CatalogAct(entry.kind, code.clone(), act), Needs::Admin, None);
    let inspected = Inspected { json: entry.json.clone(), calls: calls(entry) };
    let sections = vec![Section {
        title: "In the catalog file".to_owned(),
        body: SectionBody::Code(entry.text.trim_end().to_owned()),
        all: Some(LinkTo::new("The whole file", format!("{}?tab=inspect", AdminPage::Catalog.path()))),
    }];
    ObjectView {
        head: ObjectHead {
            kind: words::title(entry.kind).to_owned(),
            list: LinkTo::new("Catalog", AdminPage::Catalog.path()),
            title: entry.name.clone(),
            id: entry.code.clone(),
            status: (entry.kind == Kind::Price).then(|| sale(price, is_live)),
            acts: vec![act("Edit", CatalogActName::Edit), dangerous(act("Remove", CatalogActName::Remove))],
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: Vec::new(),
        content: around.content(&page, facts(entry, state), sections, inspected),
        related: related(entry, state),
    }
}

fn calls(entry: &Entry) -> Vec<(String, String)> {
    let mut calls = vec![("The catalog file".to_owned(), "latchkey catalog show".to_owned())];
    calls.extend(
        commands()
            .into_iter()
            .zip(["What a changed file would do", "Apply a changed file"])
            .map(|(command, label)| (label.to_owned(), command)),
    );
    if entry.kind == Kind::Policy {
        let command = format!("latchkey license issue --email EMAIL --policy {}", entry.code);
        calls.push(("Issue a license under it".to_owned(), command));
    }
    if entry.kind == Kind::Price {
        calls.push(("Make it at Stripe".to_owned(), "latchkey stripe provision".to_owned()));
    }
    calls
}

fn facts(entry: &Entry, state: &CatalogState) -> Vec<Fact> {
    let mut facts = Vec::new();
    if entry.kind == Kind::Policy {
        let count = state.licenses.get(&entry.code).copied().unwrap_or_default();
        facts.push(fact("Licenses", Cell::Link(LinkTo::new(number(count), licenses_under(&entry.code)))));
    }
    if let Some(id) = state.product_ids.get(&entry.code).filter(|_| entry.kind == Kind::Product) {
        facts.push(fact("Id, which apps name", Cell::Copyable { text: id.to_string(), what: "product id".to_owned() }));
    }
    for field in words::fields(entry.kind) {
        // The title shows it, or the amount.
        if matches!(field.name, "name" | "currency") {
            continue;
        }
        let link = match field.name {
            "product" => linked(state, Kind::Product, entry.json.get("product")),
            "policy" => linked(state, Kind::Policy, entry.json.get("policy")),
            _ => None,
        };
        facts.push(fact(field.label, link.unwrap_or_else(|| text(entry.shown(field.name)))));
    }
    facts
}

/// A link to the entry that a field names.
fn linked(state: &CatalogState, kind: Kind, code: Option<&Value>) -> Option<Cell> {
    let code = code?.as_str()?;
    let name = match kind {
        Kind::Product => &state.file.products.iter().find(|product| product.code == code)?.name,
        _ => &state.file.policies.iter().find(|policy| policy.code == code)?.name,
    };
    Some(Cell::Link(LinkTo::new(name, entry_page(kind, code)?.path())))
}

fn related(entry: &Entry, state: &CatalogState) -> Vec<Related> {
    let file = &state.file;
    let code = &entry.code;
    let group = |kind: Kind, entries: Vec<(&str, &str)>| Related {
        title: words::plural(kind).to_owned(),
        links: entries
            .into_iter()
            .filter_map(|(code, name)| Some(LinkTo::new(name, entry_page(kind, code)?.path())))
            .collect(),
        all: None,
    };
    let policies = |is_shown: &dyn Fn(&latchkey_service::PolicyEntry) -> bool| {
        let shown = file.policies.iter().filter(|policy| is_shown(policy));
        shown.map(|policy| (policy.code.as_str(), policy.name.as_str())).collect::<Vec<_>>()
    };
    match entry.kind {
        Kind::Product => vec![group(Kind::Policy, policies(&|policy| policy.product == *code))],
        Kind::Entitlement => vec![group(Kind::Policy, policies(&|policy| policy.entitlements.contains(code)))],
        Kind::Policy => {
            let prices = file.prices.iter().filter(|price| price.policy == *code);
            let held = file.policies.iter().find(|policy| policy.code == *code);
            let granted = file
                .entitlements
                .iter()
                .filter(|entitlement| held.is_some_and(|held| held.entitlements.contains(&entitlement.code)));
            vec![
                group(Kind::Price, prices.map(|price| (price.code.as_str(), price.code.as_str())).collect()),
                group(
                    Kind::Entitlement,
                    granted.map(|granted| (granted.code.as_str(), granted.name.as_str())).collect(),
                ),
            ]
        }
        Kind::Price => Vec::new(),
    }
}
