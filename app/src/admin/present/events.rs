//! The audit log in words.

use latchkey_service::{AuditRow, ReasonCode};
use serde_json::{Map, Value};

use crate::{
    admin::present::lists::grouped,
    routes::{AdminPage, ProviderId},
};

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedEvent {
    /// What happened.
    pub(crate) text: String,
    /// The record that it happened to.
    pub(crate) record: String,
    /// The record's page, or that of a list.
    pub(crate) href: String,
    pub(crate) by: String,
    pub(crate) by_href: Option<String>,
    pub(crate) note: Option<String>,
}

/// What happened, by the stored name.
const TEXTS: &[(&str, &str)] = &[
    ("account.data_exported", "Personal data exported"),
    ("account.deleted", "Account deleted"),
    ("account.disabled", "Account disabled"),
    ("account.enabled", "Account enabled"),
    ("account.email_change_canceled", "Change of the e-mail address canceled"),
    ("account.email_change_confirmed", "Change of the e-mail address confirmed"),
    ("account.email_change_requested", "Change of the e-mail address requested"),
    ("account.email_changed", "E-mail address changed"),
    ("account.made", "Account created"),
    ("account.renamed", "Name changed"),
    ("account.role_changed", "Role changed"),
    ("bulk_act.begun", "Act on many licenses"),
    ("catalog.applied", "Catalog changed"),
    ("catalog.installed", "Catalog installed"),
    ("license.begun", "First use"),
    ("license.changed", "License changed"),
    ("license.checked_out", "License file issued"),
    ("license.issued", "License issued"),
    ("license.key_mailed", "Key mailed again"),
    ("license.key_replaced", "Key replaced"),
    ("license.key_shown", "Key shown"),
    ("license.reinstated", "License reinstated"),
    ("license.renewed", "License renewed"),
    ("license.revoked", "License revoked"),
    ("license.suspended", "License suspended"),
    ("licenses.exported", "All licenses exported"),
    ("list.exported", "List exported"),
    ("mail.tested", "Test mail sent"),
    ("machine.activated", "Machine activated"),
    ("machine.checked_out", "Machine file issued"),
    ("machine.deactivated", "Machine deactivated"),
    ("machine.renamed", "Machine renamed"),
    ("note.added", "Note added"),
    ("order.delivered", "Order delivered"),
    ("order.fraud_suspected", "Fraud suspected"),
    ("order.opened", "Checkout opened"),
    ("order.refund_requested", "Refund requested"),
    ("order.refunded", "Payment refunded"),
    ("order.released", "Order released"),
    ("order.status_changed", "Order changed"),
    ("order.subscription_changed", "Subscription changed"),
    ("order.updated", "Order updated"),
    ("passkey.added", "Passkey created"),
    ("passkey.refused", "Passkey refused"),
    ("passkey.removed", "Passkey removed"),
    ("passkey.renamed", "Passkey renamed"),
    ("passkeys.reset", "Passkeys and recovery codes removed"),
    ("portal.view_ended", "Portal view ended"),
    ("portal.viewed", "Portal viewed as the customer"),
    ("recovery_code.refused", "Recovery code refused"),
    ("recovery_codes.created", "Recovery codes created"),
    ("saved_view.deleted", "View deleted"),
    ("saved_view.saved", "View saved"),
    ("second_factor.presented", "Second factor presented"),
    ("session.ended", "Session ended"),
    ("sessions.all_ended", "All sessions ended"),
    ("sign_in.confirmed", "Signed in"),
    ("sign_in.link_made", "Sign-in link created"),
    ("sign_in.requested", "Sign-in requested"),
    ("signing_key.made", "Signing key created"),
    ("signing_key.retired", "Signing key retired"),
    ("signing_key.rotated", "Signing key rotated"),
    ("stripe_event.replayed", "Event replayed"),
];

/// Describes a row of the audit log.
pub(crate) fn describe_row(row: &AuditRow) -> DescribedEvent {
    let (record, href) = record(&row.subject_kind, &row.subject_id);
    let (by, by_href) = actor(&row.actor_kind, row.actor_id.as_deref());
    let detail = serde_json::from_str(&row.detail).unwrap_or(Value::Null);
    DescribedEvent { text: text(&row.verb), record, href, by, by_href, note: note(&detail) }
}

/// What happened. An event of a later version is named by the words that are stored.
pub(crate) fn text(verb: &str) -> String {
    let known = TEXTS.iter().find(|(name, _)| *name == verb);
    known.map_or_else(|| sentence(&verb.replace('.', " ")), |(_, text)| (*text).to_owned())
}

/// A record's name and page.
fn record(kind: &str, id: &str) -> (String, String) {
    let page = match kind {
        "account" => id.parse().ok().map(|id| ("Account", AdminPage::Customer(id))),
        "license" => id.parse().ok().map(|id| ("License", AdminPage::License(id))),
        "order" => id.parse().ok().map(|id| ("Order", AdminPage::Order(id))),
        "stripe_event" => id.parse::<ProviderId>().ok().map(|id| ("Stripe event", AdminPage::Event(id))),
        _ => None,
    };
    match page {
        Some((name, page)) => (format!("{name} {}", end_of(id)), page.path()),
        None => (sentence(kind), AdminPage::Audit.path()),
    }
}

/// Who did it, and their page.
pub(crate) fn actor(kind: &str, id: Option<&str>) -> (String, Option<String>) {
    let account = || id.and_then(|id| id.parse().ok()).map(|id| AdminPage::Customer(id).path());
    match kind {
        "host" => ("A command".to_owned(), None),
        "visitor" => ("A visitor".to_owned(), None),
        "server" => ("The server".to_owned(), None),
        "app" => ("The app".to_owned(), id.and_then(|id| id.parse().ok()).map(|id| AdminPage::License(id).path())),
        role => (format!("{} {}", sentence(role), id.map(end_of).unwrap_or_default()), account()),
    }
}

/// The details of an event, by name: `reason: refund, from: 2, to: 3`. `None` if there are none.
pub(crate) fn note(detail: &Value) -> Option<String> {
    let members = detail.as_object()?;
    let parts: Vec<String> = members.iter().filter_map(|(name, value)| part(name, value)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn part(name: &str, value: &Value) -> Option<String> {
    let name = name.replace('_', " ");
    let text = match value {
        Value::Null => return None,
        Value::Bool(is_true) => (if *is_true { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => {
            number.as_u64().and_then(|number| u32::try_from(number).ok()).map_or_else(|| number.to_string(), grouped)
        }
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            items.join("; ")
        }
        Value::Object(members) if name == "reason" => reason(members)?,
        Value::Object(_) => note(value)?,
    };
    (!text.is_empty()).then(|| format!("{name}: {text}"))
}

/// Why a person did something: a reason that they chose, with their note.
fn reason(members: &Map<String, Value>) -> Option<String> {
    let code = members.get("code")?.as_str()?;
    let title = match ReasonCode::parse(code) {
        Some(known) => known.title(),
        None => code,
    };
    let note = members.get("note").and_then(Value::as_str);
    Some(note.map_or_else(|| title.to_owned(), |note| format!("{title} ({note})")))
}

/// The last letters of an id, by which people tell ids apart.
fn end_of(id: &str) -> String {
    let skipped = id.chars().count().saturating_sub(6);
    format!("…{}", id.chars().skip(skipped).collect::<String>())
}

/// A stored word as the start of a sentence.
fn sentence(word: &str) -> String {
    let word = word.replace('_', " ");
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_shown_by_name() {
        let detail = json!({ "reason": "refund", "max_machines": { "from": 2, "to": 3000 }, "is_live": true, "x": null, "notes": ["a", "b"] });
        assert_eq!(
            note(&detail).as_deref(),
            Some("is live: yes, max machines: from: 2, to: 3,000, notes: a; b, reason: refund")
        );
        assert_eq!(note(&json!({})), None);
        assert_eq!(note(&json!({ "a": null })), None);
    }

    #[test]
    fn events_of_later_versions_are_named_by_their_stored_words() {
        assert_eq!(text("license.issued"), "License issued");
        assert_eq!(text("warp_drive.engaged"), "Warp drive engaged");
    }

    #[test]
    fn every_event_that_is_recorded_has_words() {
        let source = include_str!("../../../../crates/service/src/audit/event.rs");
        let verbs: Vec<&str> = source
            .split("rename = \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|name| name.contains('.'))
            .collect();
        assert!(verbs.len() > 60, "{verbs:?}");
        for verb in verbs {
            assert!(TEXTS.iter().any(|(name, _)| *name == verb), "{verb}");
        }
    }
}
