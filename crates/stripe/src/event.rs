//! The envelope of an event, read leniently: whatever was signed is kept, and what is not understood is said.

mod handled;

use std::collections::BTreeSet;

use latchkey_licensing::{hex, time::Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::objects::seconds;

pub use handled::{HANDLED, Resource};

/// How the ids of the objects that orders and payments consist of begin.
const NAMED: [&str; 11] = ["cs_", "cus_", "sub_", "pi_", "in_", "re_", "pyr_", "dp_", "du_", "ch_", "py_"];

/// The longest id, type or version that is taken over. Stripe's own are shorter.
const MAX_WORD: usize = 255;

/// An event without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The event's id. If the body names none, one that is derived from the body, so that a repeated delivery has the
    /// same.
    pub id: String,
    /// What happened, such as `checkout.session.completed`. `unreadable` if the body does not say.
    pub kind: String,
    /// When it happened, or when it was received if the body does not say.
    pub created_at: Timestamp,
    /// Whether it is about real money.
    pub is_live: bool,
    /// The version of the API in which the body is written.
    pub api_version: Option<String>,
    /// The object that the event is about, if this program acts on it.
    pub object: Option<EventObject>,
    /// Why the event was not understood. There is no object then.
    pub problem: Option<Problem>,
}

/// The object that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventObject {
    /// Its kind.
    pub resource: Resource,
    /// Its id.
    pub id: String,
}

/// Why an event was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The body is no JSON object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// A field is missing or has the wrong type.
    #[error("`{0}` is missing or has an unknown form")]
    Field(&'static str),
    /// This program does not act on events of this type.
    #[error("this version does not act on events of this type")]
    UnknownType,
    /// The event is about another kind of object than events of its type.
    #[error("the event is about another kind of object than its type says")]
    OtherObject,
}

impl Envelope {
    /// Reads the body of an event that was received at an instant.
    pub fn read(body: &[u8], received_at: Timestamp) -> Self {
        let Ok(event @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
            return Self {
                id: derived_id(body),
                kind: "unreadable".to_owned(),
                created_at: received_at,
                is_live: false,
                api_version: None,
                object: None,
                problem: Some(Problem::NotJson),
            };
        };
        let id = word(event.get("id"));
        let kind = word(event.get("type"));
        let created = event.get("created").and_then(Value::as_i64).filter(|seconds| *seconds >= 0);
        let is_live = event.get("livemode").and_then(Value::as_bool);
        let found = match (&id, &kind, created, is_live) {
            (None, ..) => Err(Problem::Field("id")),
            (_, None, ..) => Err(Problem::Field("type")),
            (_, _, None, _) => Err(Problem::Field("created")),
            (.., None) => Err(Problem::Field("livemode")),
            (_, Some(kind), ..) => object(kind, event.pointer("/data/object")),
        };
        Self {
            id: id.unwrap_or_else(|| derived_id(body)),
            kind: kind.unwrap_or_else(|| "unreadable".to_owned()),
            created_at: created.map_or(received_at, seconds),
            is_live: is_live.unwrap_or(false),
            api_version: word(event.get("api_version")),
            problem: found.as_ref().err().copied(),
            object: found.ok(),
        }
    }
}

/// The ids of all objects of orders and payments that a body names, whether or not it is understood otherwise.
pub fn named_objects(body: &[u8]) -> BTreeSet<String> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    body.split(|byte| !is_part(byte))
        .filter(|word| word.len() <= MAX_WORD)
        .filter_map(|word| std::str::from_utf8(word).ok())
        .filter(|word| NAMED.iter().any(|prefix| word.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty())))
        .map(str::to_owned)
        .collect()
}

fn object(kind: &str, object: Option<&Value>) -> Result<EventObject, Problem> {
    let resource = Resource::of_event(kind).ok_or(Problem::UnknownType)?;
    let field = |name| object.and_then(|object| object.get(name));
    let id = word(field("id")).ok_or(Problem::Field("data.object.id"))?;
    let name = field("object").and_then(Value::as_str).ok_or(Problem::Field("data.object.object"))?;
    if name == resource.as_str() { Ok(EventObject { resource, id }) } else { Err(Problem::OtherObject) }
}

/// Ids, types and versions become part of tables, paths and logs, so only visible ASCII is taken over.
fn word(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?;
    let is_word = !text.is_empty() && text.len() <= MAX_WORD && text.bytes().all(is_word_byte);
    is_word.then(|| text.to_owned())
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn derived_id(body: &[u8]) -> String {
    format!("sha256_{}", hex::encode(&Sha256::digest(body)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECEIVED: Timestamp = Timestamp::from_unix_micros(1_790_000_000_000_000);

    fn read(body: &str) -> Envelope {
        Envelope::read(body.as_bytes(), RECEIVED)
    }

    fn event(kind: &str, object: &str) -> String {
        format!(
            r#"{{"id":"evt_1","object":"event","type":"{kind}","created":1700000000,"livemode":true,"more":[1],
            "api_version":"2026-09-30.endive","data":{{"object":{{"id":"x_1","object":"{object}","new":{{}}}}}}}}"#
        )
    }

    #[test]
    fn each_handled_type_names_its_object() {
        for (kind, resource) in HANDLED {
            let envelope = read(&event(kind, resource.as_str()));
            assert_eq!(envelope.problem, None, "{kind}");
            assert_eq!(envelope.object, Some(EventObject { resource: *resource, id: "x_1".to_owned() }), "{kind}");
            assert_eq!((envelope.id.as_str(), envelope.kind.as_str()), ("evt_1", *kind));
            assert_eq!(envelope.created_at, Timestamp::from_unix_micros(1_700_000_000_000_000));
            assert_eq!(envelope.api_version.as_deref(), Some(crate::API_VERSION));
            assert!(envelope.is_live);
        }
    }

    #[test]
    fn st_07_what_is_not_understood_is_kept_with_the_reason() {
        let good = event("charge.refunded", "charge");
        let cases = [
            ("", Problem::NotJson),
            ("[]", Problem::NotJson),
            ("{", Problem::NotJson),
            ("\u{0}", Problem::NotJson),
            (&good[1..], Problem::NotJson),
            ("{}", Problem::Field("id")),
            (&good.replace("evt_1", "evt 1"), Problem::Field("id")),
            (&good.replace("evt_1", "evt_\\u0000"), Problem::Field("id")),
            (&good.replace("\"evt_1\"", "7"), Problem::Field("id")),
            (&good.replace("evt_1", &"e".repeat(256)), Problem::Field("id")),
            (&good.replace("\"charge.refunded\"", "null"), Problem::Field("type")),
            (&good.replace("1700000000", "\"now\""), Problem::Field("created")),
            (&good.replace("1700000000", "-1"), Problem::Field("created")),
            (&good.replace("1700000000", "1e300"), Problem::Field("created")),
            (&good.replace("true", "\"yes\""), Problem::Field("livemode")),
            (&good.replace("x_1", "../x"), Problem::Field("data.object.id")),
            (&good.replace("\"data\"", "\"date\""), Problem::Field("data.object.id")),
            (&event("charge.frozen", "charge"), Problem::UnknownType),
            (&event("charge.refunded", "refund"), Problem::OtherObject),
        ];
        for (body, problem) in cases {
            let envelope = read(body);
            assert_eq!((envelope.problem, envelope.object), (Some(problem), None), "{body}");
            assert!(!envelope.id.is_empty() && !envelope.kind.is_empty());
        }
    }

    #[test]
    fn the_objects_that_a_body_names_are_found() {
        let body = br#"{"id":"evt_1","data":{"object":{"id":"ch_2","customer":"cus_3","payment_intent":{"id":"pi_4"},
            "list":["in_5","cus_3","sub_","pin_6","https://x.test/re_7?a"],"n":"acct_8"}}} \xff "#;
        let found = ["ch_2", "cus_3", "in_5", "pi_4", "re_7"].map(str::to_owned);
        assert_eq!(named_objects(body), BTreeSet::from(found.clone()));
        // It does not have to be JSON.
        let cut = [&body[..body.len() - 9], &[0xff, b'd', b'u', b'_', b'9']].concat();
        let found: BTreeSet<String> = found.into_iter().chain(["du_9".to_owned()]).collect();
        assert_eq!(named_objects(&cut), found);
        assert!(named_objects(format!("ch_{}", "x".repeat(300)).as_bytes()).is_empty());
    }

    #[test]
    fn a_body_without_an_id_has_the_same_derived_id_each_time() {
        assert_eq!(read("{").id, read("{").id);
        assert_ne!(read("{").id, read("[").id);
        assert_eq!(read("{").created_at, RECEIVED);
    }

    #[test]
    fn the_largest_time_does_not_overflow() {
        let late = event("charge.refunded", "charge").replace("1700000000", &i64::MAX.to_string());
        assert_eq!(read(&late).created_at, Timestamp::from_unix_micros(i64::MAX));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..260usize) {
            Envelope::read(&body, RECEIVED);
            let good = event("invoice.paid", "invoice");
            let cut = cut.min(good.len());
            prop_assert!(Envelope::read(&good.as_bytes()[..cut], RECEIVED).id.len() <= MAX_WORD);
        }
    }
}
