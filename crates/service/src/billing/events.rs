//! The payment provider's events: stored before they are answered, and handled by workers with leases and retries.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_store::{EventState, NewStripeEvent, StripeEventRow};

use crate::{
    audit::event::{AuditEvent, StripeEvent},
    billing::refresh::{RefreshError, Refreshed},
    error::Internal,
    identity::actors::{Admin, Fresh, Support},
    ports::payments::{IncomingEvent, ObjectKind, ObjectRef},
    service::{Service, backoff::backoff},
};

/// How long a worker may take to handle an event before another worker may take over.
const LEASE: Duration = Duration::from_mins(1);

/// The number of attempts after which only an admin can make an event wait again. While the provider cannot be reached at
/// all, attempts go on, once an hour.
const MAX_ATTEMPTS: u32 = 10;

/// The result of handling one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventHandling {
    /// No event is due.
    Idle,
    /// An event was handled.
    Done {
        /// The event's id.
        id: String,
        /// What became of its order.
        refreshed: Refreshed,
    },
    /// An attempt failed and there will be another. The text says why.
    Retry(String),
    /// An event was given up. The text says why.
    Failed(String),
}

/// An event of the provider with its body.
#[derive(Clone, Debug)]
pub struct EventDetails {
    /// The event.
    pub event: StripeEventRow,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

impl Service {
    /// Stores an event that was received and is authentic. Returns whether it is new. It is on disk when this returns.
    pub async fn store_event(&self, event: &IncomingEvent) -> Result<bool, Internal> {
        let is_new = self.insert_event(event, false).await?;
        if is_new {
            self.0.event_stored.notify_one();
        }
        Ok(is_new)
    }

    pub(super) async fn insert_event(&self, event: &IncomingEvent, is_from_sync: bool) -> Result<bool, Internal> {
        let now = self.now();
        let is_other_mode = self.payments().is_some_and(|payments| payments.is_live() != event.is_live);
        let (state, problem) = match (&event.object, &event.problem) {
            // What is not understood may not say its mode either.
            (_, Some(problem)) => (EventState::NotUnderstood, Some(problem.as_str())),
            _ if is_other_mode => (EventState::Ignored, Some(other_mode(event.is_live))),
            (None, None) => (EventState::Ignored, None),
            (Some(_), None) => (EventState::Waiting, None),
        };
        let row = NewStripeEvent {
            id: &event.id,
            kind: &event.kind,
            is_live: event.is_live,
            api_version: event.api_version.as_deref(),
            object: event.object.as_ref().map(|object| (object.kind.as_str(), object.id.as_str())),
            body: &event.body,
            named_objects: &event.named_objects,
            is_from_sync,
            state,
            problem,
            created_at: event.created_at,
            now,
        };
        let mut tx = self.store().write().await?;
        let is_new = tx.insert_stripe_event(&row).await?;
        tx.commit().await?;
        if is_new && !event.is_of_known_kind {
            // Stripe sends them if the endpoint is for all events.
            tracing::debug!(event = %event.id, kind = %event.kind, "a Stripe event needs no action");
        } else if is_new && let Some(problem) = &event.problem {
            tracing::warn!(event = %event.id, kind = %event.kind, problem, "a Stripe event was not understood: {problem}");
        } else if is_new && is_other_mode {
            tracing::error!(event = %event.id, "{}", other_mode(event.is_live));
        }
        Ok(is_new)
    }

    /// Waits until this process stores an event, for `at_most`.
    pub async fn wait_for_event(&self, at_most: Duration) {
        // In either case, the caller checks whether an event is due.
        let _ = tokio::time::timeout(at_most, self.0.event_stored.notified()).await;
    }

    /// How long until the next event is due. `None` if none is waiting.
    pub async fn event_due_in(&self) -> Result<Option<Duration>, Internal> {
        let due_at = self.store().read_without_snapshot().await?.next_stripe_event_due_at().await?;
        Ok(due_at.map(|due_at| due_at.since(self.now())))
    }

    /// Handles the event that has been due the longest, if any is due.
    pub async fn handle_one_event(&self) -> Result<EventHandling, Internal> {
        let now = self.now();
        // This check takes no write lock, so nothing is written while no event is due.
        if self.event_due_in().await?.is_none_or(|due_in| !due_in.is_zero()) {
            return Ok(EventHandling::Idle);
        }
        let mut tx = self.store().write().await?;
        let leased = tx.lease_stripe_event(now, now.plus(LEASE)).await?;
        tx.commit().await?;
        let Some(event) = leased else {
            return Ok(EventHandling::Idle);
        };
        // Only a replay leads here.
        if self.payments().is_some_and(|payments| payments.is_live() != event.is_live) {
            return self.give_up_event(&event, other_mode(event.is_live)).await;
        }
        let object = event
            .object
            .as_ref()
            .and_then(|(kind, id)| Some(ObjectRef { kind: ObjectKind::parse(kind)?, id: id.clone() }));
        let Some(object) = object else {
            return self.give_up_event(&event, "its object is of an unknown kind").await;
        };
        match self.refresh_order(&object).await {
            Ok(refreshed) => {
                let state = if refreshed == Refreshed::NotOurs { EventState::Ignored } else { EventState::Done };
                let mut tx = self.store().write().await?;
                tx.set_stripe_event_done(&event.id, state, None, self.now()).await?;
                tx.commit().await?;
                Ok(EventHandling::Done { id: event.id, refreshed })
            }
            Err(RefreshError::Internal(error)) if error.is_unavailable() => Err(error),
            Err(error) if !error.is_temporary() || (event.attempts >= MAX_ATTEMPTS && !error.is_outage()) => {
                self.give_up_event(&event, &error.to_string()).await
            }
            Err(error) => {
                let why = error.to_string();
                let mut tx = self.store().write().await?;
                let at = self.now().plus(backoff(event.attempts));
                tx.set_stripe_event_retry(&event.id, at, &why).await?;
                tx.commit().await?;
                Ok(EventHandling::Retry(format!("{} {}: {why}", event.kind, event.id)))
            }
        }
    }

    async fn give_up_event(&self, event: &StripeEventRow, why: &str) -> Result<EventHandling, Internal> {
        let mut tx = self.store().write().await?;
        tx.set_stripe_event_done(&event.id, EventState::Failed, Some(why), self.now()).await?;
        tx.commit().await?;
        Ok(EventHandling::Failed(format!("{} {}: {why}", event.kind, event.id)))
    }
}

impl Support<'_> {
    /// The provider's events, the last received first.
    pub async fn stripe_events(
        &self,
        state: Option<EventState>,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<StripeEventRow>, Internal> {
        let mut reader = self.service.store().read_without_snapshot().await?;
        Ok(reader.list_stripe_events(state, before, i64::from(limit)).await?)
    }

    /// An event of the provider with its body.
    pub async fn stripe_event(&self, id: &str) -> Result<Option<EventDetails>, Internal> {
        let found = self.service.store().read_without_snapshot().await?.find_stripe_event(id).await?;
        Ok(found.map(|(event, body)| EventDetails { event, body }))
    }
}

impl Admin<'_> {
    /// Makes an event wait for the worker again. `false` if there is none with this id, or it is about no object.
    pub async fn replay_stripe_event(&self, id: &str, _fresh: &Fresh) -> Result<bool, Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let is_replayed = tx.replay_stripe_event(id, now).await?;
        if is_replayed {
            let event = AuditEvent::Stripe(id.to_owned(), StripeEvent::Replayed);
            self.service.record(&mut tx, now, self.cause(), event).await?;
            tx.commit().await?;
            self.service.0.event_stored.notify_one();
        }
        Ok(is_replayed)
    }
}

fn other_mode(is_live: bool) -> &'static str {
    if is_live {
        "a live Stripe event was received, but the keys are for test mode: it is ignored"
    } else {
        "a Stripe event of test mode was received, but the keys are for live mode: it is ignored"
    }
}
