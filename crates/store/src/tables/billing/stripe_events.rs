//! The provider's events.

use latchkey_licensing::time::Timestamp;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventState {
    /// It waits for the worker.
    Waiting,
    /// It was handled.
    Done,
    /// There is nothing to do about it.
    Ignored,
    /// Its body does not say what this program expects, or its kind is unknown.
    NotUnderstood,
    /// All attempts to handle it failed.
    Failed,
}

impl EventState {
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Done, Self::Ignored, Self::NotUnderstood, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::NotUnderstood => "not_understood",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct NewStripeEvent<'a> {
    /// The provider's id.
    pub id: &'a str,
    pub kind: &'a str,
    pub is_live: bool,
    pub api_version: Option<&'a str>,
    /// The kind and the id of the object that it is about.
    pub object: Option<(&'a str, &'a str)>,
    pub body: &'a [u8],
    /// The ids of all objects that the body names, each once.
    pub named_objects: &'a [String],
    /// Whether it was found by comparing instead of being received.
    pub is_from_sync: bool,
    pub state: EventState,
    pub problem: Option<&'a str>,
    /// When it happened.
    pub created_at: Timestamp,
    pub now: Timestamp,
}

/// An event without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeEventRow {
    pub id: String,
    pub kind: String,
    pub is_live: bool,
    pub api_version: Option<String>,
    pub object: Option<(String, String)>,
    pub is_from_sync: bool,
    pub state: EventState,
    pub attempts: u32,
    pub next_attempt_at: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub received_at: Timestamp,
    pub done_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct EventColumns {
    id: String,
    kind: String,
    is_live: bool,
    api_version: Option<String>,
    object_kind: Option<String>,
    object_id: Option<String>,
    source: String,
    state: String,
    attempts: i64,
    next_attempt_at: i64,
    last_error: Option<String>,
    created_at: i64,
    received_at: i64,
    done_at: Option<i64>,
}

impl TryFrom<EventColumns> for StripeEventRow {
    type Error = StoreError;

    fn try_from(row: EventColumns) -> Result<Self> {
        let origin = Origin::new("stripe_events", &row.id);
        let state = EventState::parse(&row.state).ok_or_else(|| origin.corrupt("state is invalid"))?;
        let attempts = origin.count(row.attempts)?;
        Ok(Self {
            kind: row.kind,
            is_live: row.is_live,
            api_version: row.api_version,
            object: row.object_kind.zip(row.object_id),
            is_from_sync: row.source == "sync",
            state,
            attempts,
            next_attempt_at: Timestamp::from_unix_micros(row.next_attempt_at),
            last_error: row.last_error,
            created_at: Timestamp::from_unix_micros(row.created_at),
            received_at: Timestamp::from_unix_micros(row.received_at),
            done_at: row.done_at.map(Timestamp::from_unix_micros),
            id: row.id,
        })
    }
}
