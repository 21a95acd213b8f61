//! What a search found.

use latchkey_service::{Found, FoundGroup, FoundRecord, RecordId, RecordKind};

use crate::{
    admin::model::find::{Hit, HitGroup},
    routes::AdminPage,
};

/// The hits by kind.
pub(crate) fn groups(found: &Found) -> Vec<HitGroup> {
    found.groups.iter().map(group).collect()
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
