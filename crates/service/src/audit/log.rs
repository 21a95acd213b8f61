//! The rows of the audit log. Each change has one, which is written in the same transaction.

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use latchkey_store::AuditRow;
use serde_json::{Map, Value};

use crate::{
    audit::{
        actor::{Actor, Cause},
        event::{AuditEvent, StoredEvent},
        reason::Reason,
    },
    error::Internal,
};

/// The member of an event's data that contains the reason.
const REASON: &str = "reason";

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened, and to which record.
    pub event: AuditEvent,
    /// Why, if the person said so.
    pub reason: Option<Reason>,
}

impl AuditEntry {
    /// Parses a row. An unknown event is kept as such; an unknown actor is an error.
    pub(crate) fn read(row: AuditRow) -> Result<Self, Internal> {
        let actor = Actor::read(&row.actor_kind, row.actor_id.as_deref());
        let AuditRow { verb, subject_kind, subject_id, detail, .. } = row;
        let (detail, reason) = without_reason(detail);
        Ok(Self {
            at: row.at,
            actor: actor.ok_or(Internal::Invariant("a row of the audit log names no actor"))?,
            event: AuditEvent::read(StoredEvent { verb, subject_kind, subject_id, detail }),
            reason,
        })
    }

    /// Parses rows.
    pub(crate) fn read_all(rows: Vec<AuditRow>) -> Result<Vec<Self>, Internal> {
        rows.into_iter().map(Self::read).collect()
    }
}

/// The row that records an event.
pub(crate) fn audit_row(id: AuditId, at: Timestamp, cause: Cause<'_>, event: &AuditEvent) -> AuditRow {
    let StoredEvent { verb, subject_kind, subject_id, detail } = event.stored();
    let Cause { actor, network, reason } = cause;
    let detail = with_reason(detail, reason);
    AuditRow {
        id,
        at,
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.id(),
        network: network.map(|network| network.to_string()),
        verb,
        subject_kind,
        subject_id,
        detail,
    }
}

/// Adds a reason to an event's data.
fn with_reason(detail: String, reason: Option<&Reason>) -> String {
    let (Some(reason), Ok(mut members)) = (reason, serde_json::from_str::<Map<String, Value>>(&detail)) else {
        return detail;
    };
    if let Ok(reason) = serde_json::to_value(reason) {
        members.insert(REASON.to_owned(), reason);
    }
    Value::Object(members).to_string()
}

/// Takes the reason out of an event's data.
fn without_reason(detail: String) -> (String, Option<Reason>) {
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(&detail) else {
        return (detail, None);
    };
    let reason = members.get(REASON).and_then(|reason| serde_json::from_value(reason.clone()).ok());
    if reason.is_none() {
        return (detail, None);
    }
    members.remove(REASON);
    (Value::Object(members).to_string(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::reason::ReasonCode;

    #[test]
    fn a_reason_is_kept_beside_the_event() {
        let reason = Reason { code: ReasonCode::Abuse, note: Some("seen on a forum".to_owned()) };
        for detail in ["{}", r#"{"from":1,"to":2}"#] {
            let stored = with_reason(detail.to_owned(), Some(&reason));
            assert_ne!(stored, detail);
            assert_eq!(without_reason(stored), (detail.to_owned(), Some(reason.clone())));
            assert_eq!(with_reason(detail.to_owned(), None), detail);
        }
        // Another member of this name belongs to the event.
        let other = r#"{"reason":"expired"}"#;
        assert_eq!(without_reason(other.to_owned()), (other.to_owned(), None));
    }
}
