//! The audit log: one row for each change, in the change's own transaction.

use latchkey_licensing::{ids::AccountId, ids::AuditId, ids::LicenseId, time::Timestamp};
use latchkey_store::{AuditRow, Tx};
use serde_json::{Value, json};

use crate::{error::Internal, service::Service};

/// Who did something.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor {
    /// A command on the host.
    Host,
    /// A browser that is not signed in.
    Visitor,
    /// A signed-in customer.
    Customer(AccountId),
    /// An app that showed a license key.
    App(LicenseId),
    /// The server itself.
    Server,
}

impl Actor {
    fn kind(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Visitor => "visitor",
            Self::Customer(_) => "customer",
            Self::App(_) => "app",
            Self::Server => "server",
        }
    }

    fn id(self) -> Option<String> {
        match self {
            Self::Host | Self::Visitor | Self::Server => None,
            Self::Customer(account) => Some(account.to_string()),
            Self::App(license) => Some(license.to_string()),
        }
    }
}

/// What was done to what. No secret and no address belongs into `detail`.
pub(crate) struct Event<'a> {
    pub(crate) actor: Actor,
    pub(crate) verb: &'a str,
    pub(crate) subject: (&'a str, String),
    pub(crate) detail: Value,
}

impl<'a> Event<'a> {
    pub(crate) fn new(actor: Actor, verb: &'a str, subject_kind: &'a str, subject_id: impl ToString) -> Self {
        Self { actor, verb, subject: (subject_kind, subject_id.to_string()), detail: json!({}) }
    }

    pub(crate) fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

/// A row of the audit log, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What kind of actor.
    pub actor: String,
    /// Which account or license, where there is one.
    pub actor_id: Option<String>,
    /// What was done.
    pub verb: String,
    /// More, as a JSON object.
    pub detail: String,
}

impl AuditEntry {
    /// Whether it gave a license another owner.
    pub(crate) fn changes_owner(&self) -> bool {
        let detail: Value = serde_json::from_str(&self.detail).unwrap_or_default();
        self.verb == "license.changed" && detail.get("owner").is_some()
    }
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            at: Timestamp::from_unix_micros(row.at),
            actor: row.actor_kind,
            actor_id: row.actor_id,
            verb: row.verb,
            detail: row.detail,
        }
    }
}

impl Service {
    pub(crate) async fn record(&self, tx: &mut Tx, now: Timestamp, event: Event<'_>) -> Result<(), Internal> {
        let row = self.audit_row(now, event)?;
        Ok(tx.insert_audits(&[row]).await?)
    }

    /// The row to write for an event, where many are written at once.
    pub(crate) fn audit_row(&self, now: Timestamp, event: Event<'_>) -> Result<AuditRow, Internal> {
        Ok(AuditRow {
            id: AuditId::new(now, self.random()?).uuid(),
            at: now.unix_micros(),
            actor_kind: event.actor.kind().to_owned(),
            actor_id: event.actor.id(),
            verb: event.verb.to_owned(),
            subject_kind: event.subject.0.to_owned(),
            subject_id: event.subject.1,
            detail: event.detail.to_string(),
        })
    }
}
