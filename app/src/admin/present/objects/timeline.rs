//! A record's history in words.

use latchkey_licensing::time::Timestamp;
use latchkey_service::{Actor, AuditEntry, EntryBody, EntryKind, Reason, Timeline, TimelineEntry as Entry};

use crate::{
    admin::{
        model::{
            lists::{LinkTo, Pages},
            objects::TimelineEntry,
        },
        present::{events, words},
    },
    portal::present::when,
    routes::AdminPage,
    shared::model::Tone,
};

/// A page of a history, with the way to older entries.
pub(crate) fn entries(
    timeline: &Timeline,
    is_first: bool,
    page: &AdminPage,
    now: Timestamp,
) -> (Vec<TimelineEntry>, Pages) {
    let path = page.path();
    let next = timeline.next.as_ref().map(|cursor| format!("{path}?after={cursor}#timeline"));
    let shown = match (is_first, &next) {
        (true, None) => "Everything".to_owned(),
        (true, Some(_)) => "The newest entries".to_owned(),
        (false, _) => "Older entries".to_owned(),
    };
    let first = (!is_first).then(|| format!("{path}#timeline"));
    (
        timeline.entries.iter().map(|entry| shown_entry(entry, now)).collect(),
        Pages { shown, first, previous: None, next },
    )
}

pub(crate) fn shown_entry(entry: &Entry, now: Timestamp) -> TimelineEntry {
    let at = when(entry.at, now);
    match &entry.body {
        EntryBody::Event(event) => TimelineEntry { when: at, ..of_event(event, entry.kind, now) },
        EntryBody::Mail(mail) => {
            let state = words::mail_state(mail.state);
            TimelineEntry {
                when: at,
                tone: (state.tone != Tone::Good).then_some(state.tone),
                text: format!("Mail: {}, {}", words::mail_kind(&mail.kind), state.word.to_lowercase()),
                by: "The server".to_owned(),
                note: mail.last_error.clone(),
                link: Some(LinkTo::new("Show", AdminPage::Mail(mail.id).path())),
            }
        }
        EntryBody::Note(note) => TimelineEntry {
            when: at,
            tone: None,
            text: "Note".to_owned(),
            by: note
                .author
                .map_or_else(|| "A command".to_owned(), |author| events::actor("staff", Some(&author.to_string())).0),
            note: Some(note.body.clone()),
            link: None,
        },
    }
}

/// An entry of the audit log in words.
pub(crate) fn of_event(entry: &AuditEntry, kind: EntryKind, now: Timestamp) -> TimelineEntry {
    let stored = entry.event.stored();
    let detail = serde_json::from_str(&stored.detail).unwrap_or_default();
    let parts = [events::note(&detail), entry.reason.as_ref().map(reason)];
    let note: Vec<String> = parts.into_iter().flatten().collect();
    TimelineEntry {
        when: when(entry.at, now),
        tone: tone(&stored.verb, kind),
        text: events::text(&stored.verb),
        by: by(entry.actor),
        note: (!note.is_empty()).then(|| note.join(". ")),
        link: None,
    }
}

/// Why it was done: `Reason: abuse or a shared key (seen on a forum)`.
fn reason(reason: &Reason) -> String {
    match &reason.note {
        Some(note) => format!("Reason: {} ({note})", reason.code.title()),
        None => format!("Reason: {}", reason.code.title()),
    }
}

fn by(actor: Actor) -> String {
    let id = match actor {
        Actor::Account { id, .. } => Some(id.to_string()),
        Actor::App(license) => Some(license.to_string()),
        Actor::Host | Actor::Visitor | Actor::Server => None,
    };
    events::actor(actor.kind(), id.as_deref()).0
}

fn tone(verb: &str, kind: EntryKind) -> Option<Tone> {
    match verb {
        "license.revoked" | "order.fraud_suspected" | "account.disabled" => Some(Tone::Bad),
        "license.suspended" | "order.refund_requested" => Some(Tone::Warn),
        "license.reinstated" | "license.renewed" | "order.delivered" | "account.enabled" => Some(Tone::Good),
        _ => match kind {
            EntryKind::Purchase => Some(Tone::Good),
            EntryKind::Refund => Some(Tone::Warn),
            EntryKind::Activation | EntryKind::SignIn | EntryKind::Change | EntryKind::Mail | EntryKind::Note => None,
        },
    }
}
