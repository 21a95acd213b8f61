//! What a search found.

use latchkey_service::{CatalogKind, Found, FoundEntry, FoundGroup, FoundRecord, RecordId, RecordKind};

use crate::{
    admin::model::find::{Hit, HitGroup},
    routes::{AdminPage, CatalogEntryKind},
};

/// The hits by kind, those of the catalog last.
pub(crate) fn groups(found: &Found) -> Vec<HitGroup> {
    let catalog: Vec<Hit> = found.entries.iter().filter_map(entry).collect();
    let catalog = (!catalog.is_empty()).then(|| HitGroup { title: "Catalog".to_owned(), hits: catalog });
    found.groups.iter().map(group).chain(catalog).collect()
}

/// `None` for a code that no address can contain.
fn entry(found: &FoundEntry) -> Option<Hit> {
    let (kind, word) = match found.kind {
        CatalogKind::Product => (CatalogEntryKind::Product, "Product"),
        CatalogKind::Policy => (CatalogEntryKind::Policy, "Policy"),
        CatalogKind::Price => (CatalogEntryKind::Price, "Price"),
        CatalogKind::Entitlement => (CatalogEntryKind::Entitlement, "Entitlement"),
    };
    let href = AdminPage::CatalogEntry(kind, found.code.parse().ok()?).path();
    Some(Hit { title: found.code.clone(), detail: format!("{word}, {}", found.name), href })
}

fn group(group: &FoundGroup) -> HitGroup {
    let title = match group.kind {
        RecordKind::Account => "Customers",
        RecordKind::License => "Licenses",
        RecordKind::Machine => "Machines",
        RecordKind::Order => "Orders",
        RecordKind::Mail => "E-mails",
        RecordKind::StripeEvent => "Events",
    };
    HitGroup { title: title.to_owned(), hits: group.records.iter().map(hit).collect() }
}

fn hit(found: &FoundRecord) -> Hit {
    Hit { title: found.title.clone(), detail: found.detail.clone(), href: page(&found.record).path() }
}

/// The page of a record.
pub(crate) fn page(record: &RecordId) -> AdminPage {
    match record {
        RecordId::Account(id) => AdminPage::Customer(*id),
        RecordId::License(id) => AdminPage::License(*id),
        RecordId::Machine(id) => AdminPage::Machine(*id),
        RecordId::Order(id) => AdminPage::Order(*id),
        RecordId::Mail(id) => AdminPage::Mail(*id),
        RecordId::StripeEvent(id) => id.parse().map_or(AdminPage::Events, AdminPage::Event),
    }
}
