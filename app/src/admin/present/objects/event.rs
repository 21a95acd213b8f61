//! The page of an event of the payment provider.

use latchkey_licensing::time::Timestamp;
use latchkey_service::EventRecord;
use serde_json::{Value, json};

use super::{Around, Inspected, Needs, copied, fact, filtered, link, text, text_or_none};
use crate::{
    admin::{
        model::{
            lists::{Cell, LinkTo},
            object_view::{Notice, ObjectView, Section, SectionBody},
            objects::{Fact, ObjectHead, Related},
        },
        present::words,
    },
    routes::{AdminPage, EventActName, ProviderId},
    shared::model::Tone,
};

pub(crate) fn page(id: &ProviderId, record: &EventRecord, around: &Around<'_>) -> ObjectView {
    let event = &record.details.event;
    let page = AdminPage::Event(id.clone());
    let act = |label, act, needs, obstacle| around.act(label, &AdminPage::EventAct(id.clone(), act), needs, obstacle);
    let notice = event.last_error.as_ref().map(|error| Notice {
        tone: words::event_state(event.state).tone,
        text: format!("The last attempt says: {error}"),
        link: None,
    });
    ObjectView {
        head: ObjectHead {
            kind: "Event".to_owned(),
            list: LinkTo::new("Events", AdminPage::Events.path()),
            title: event.kind.clone(),
            id: event.id.clone(),
            status: Some(words::event_state(event.state)),
            acts: vec![
                act("Replay", EventActName::Replay, Needs::Admin, obstacle(record)),
                act("Add a note", EventActName::Note, Needs::Support, None),
            ],
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: notice.filter(|notice| notice.tone != Tone::Good).into_iter().collect(),
        content: around.content(&page, facts(record, around), vec![payload(&record.details.body)], inspected(record)),
        related: related(record),
    }
}

/// Why it cannot be replayed.
pub(crate) fn obstacle(record: &EventRecord) -> Option<String> {
    record.details.event.object.is_none().then(|| "It is about nothing that orders follow from.".to_owned())
}

fn facts(record: &EventRecord, around: &Around<'_>) -> Vec<Fact> {
    let event = &record.details.event;
    let object = event.object.as_ref();
    let mut facts = vec![
        fact("Mode", text(if event.is_live { "Live" } else { "Test" })),
        fact("About", copied(object.map(|(_, id)| id.as_str()), "Stripe id")),
        fact("Kind of object", text_or_none(object.map(|(kind, _)| kind.as_str()))),
        fact("Order", record.order.map_or(Cell::Empty, |id| link("Show", &AdminPage::Order(id)))),
        fact("API version", text_or_none(event.api_version.as_deref())),
        fact("Arrived", text(if event.is_from_sync { "By reconciliation" } else { "By webhook" })),
        fact("Created at Stripe", around.time(event.created_at)),
        fact("Received", around.time(event.received_at)),
        fact("Attempts", Cell::Number(event.attempts.to_string())),
    ];
    match event.done_at {
        Some(at) => facts.push(fact("Handled", around.time(at))),
        None => facts.push(fact("Next attempt", around.time(event.next_attempt_at))),
    }
    facts
}

/// The body, indented if it is JSON.
fn payload(body: &[u8]) -> Section {
    let indented = serde_json::from_slice::<Value>(body).map(|json| super::pretty(&json));
    let text = indented.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned());
    Section { title: "Payload".to_owned(), body: SectionBody::Code(text), all: None }
}

fn related(record: &EventRecord) -> Vec<Related> {
    let event = &record.details.event;
    let object = event
        .object
        .as_ref()
        .map(|(_, id)| LinkTo::new("Events about the same object", filtered(&AdminPage::Events, "object", id)));
    vec![Related {
        title: "Order".to_owned(),
        links: record.order.map(|id| LinkTo::new("Show the order", AdminPage::Order(id).path())).into_iter().collect(),
        all: object,
    }]
}

fn inspected(record: &EventRecord) -> Inspected {
    let event = &record.details.event;
    let json = json!({
        "id": event.id,
        "kind": event.kind,
        "is_live": event.is_live,
        "api_version": event.api_version,
        "object": event.object.as_ref().map(|(kind, id)| json!({ "kind": kind, "id": id })),
        "state": event.state.as_str(),
        "attempts": event.attempts,
        "last_error": event.last_error,
        "order": record.order.map(|id| id.to_string()),
        "created_at": event.created_at.rfc3339(),
        "received_at": event.received_at.rfc3339(),
        "done_at": event.done_at.map(Timestamp::rfc3339),
    });
    Inspected {
        json,
        calls: vec![("On the host".to_owned(), format!("latchkey stripe events show {} --json", event.id))],
    }
}
