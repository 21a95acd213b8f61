//! Search for records by what people have at hand.

use latchkey_licensing::ids::{AccountId, LicenseId, MachineId, MailId, OrderId};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// What a text may be. A record is found if one of them is its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchTerms {
    /// What an address or a name begins with, in lower case.
    pub prefix: Option<String>,
    /// The id of any record.
    pub id: Option<Uuid>,
    /// The keyed hash of a license key.
    pub key_lookup: Option<[u8; 32]>,
    /// The last four letters of a license key.
    pub key_tail: Option<String>,
    /// The part of an order's id that its number is made of.
    pub order_number: Option<[u8; 5]>,
    /// The provider's id of anything.
    pub stripe_id: Option<String>,
    /// The hash of a machine's fingerprint.
    pub fingerprint_hash: Option<[u8; 32]>,
}

/// A record that a search finds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordId {
    Account(AccountId),
    License(LicenseId),
    Machine(MachineId),
    Order(OrderId),
    Mail(MailId),
    /// The provider's id of an event.
    StripeEvent(String),
}

/// A record with what is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub record: RecordId,
    /// An account's or a buyer's address, the prefix of a license key, a machine's name, or the kind of mail or event.
    pub title: String,
    /// An account's name, the last letters of a license key, the address of a machine's owner or a mail's recipient, or
    /// the status of an order or event.
    pub detail: String,
    /// The address of a license's owner.
    pub owner: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct HitRow {
    kind: String,
    id: Option<Uuid>,
    event_id: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    owner: Option<String>,
}

impl TryFrom<HitRow> for SearchHit {
    type Error = StoreError;

    fn try_from(row: HitRow) -> Result<Self> {
        let record = match (row.kind.as_str(), row.id, row.event_id) {
            ("account", Some(id), _) => RecordId::Account(id.into()),
            ("license", Some(id), _) => RecordId::License(id.into()),
            ("machine", Some(id), _) => RecordId::Machine(id.into()),
            ("order", Some(id), _) => RecordId::Order(id.into()),
            ("mail", Some(id), _) => RecordId::Mail(id.into()),
            ("stripe_event", _, Some(id)) => RecordId::StripeEvent(id),
            (kind, ..) => return Err(Origin::new("search", kind).corrupt("a hit has no id")),
        };
        Ok(Self {
            record,
            title: row.title.unwrap_or_default(),
            detail: row.detail.unwrap_or_default(),
            owner: row.owner,
        })
    }
}
