//! Which events reach the endpoints, when, how often and in which order.

use std::{sync::Arc, time::Duration};

use super::{Event, Order, StripeDouble};
use crate::stripe::{
    deliveries,
    state::Attempt,
    wire::{
        fields::{int, text},
        ids::Ids,
        signature,
    },
};

impl StripeDouble {
    /// All events, oldest first.
    pub fn events(&self) -> Vec<Event> {
        let state = self.app.shared.lock();
        let mut events: Vec<Event> = state
            .objects
            .newest("event")
            .map(|event| Event {
                id: text(event, "id").to_owned(),
                kind: text(event, "type").to_owned(),
                created: int(event, "created"),
                object: event["data"]["object"].clone(),
            })
            .collect();
        events.reverse();
        events
    }

    /// The newest event of a type.
    ///
    /// # Panics
    /// Panics if there is none.
    pub fn last_event(&self, kind: &str) -> Event {
        self.events().into_iter().rev().find(|event| event.kind == kind).expect("an event of this type")
    }

    /// The raw bytes of an event, as an endpoint without a version of its own receives them.
    ///
    /// # Panics
    /// Panics if there is no such event.
    pub fn event_body(&self, event: &str) -> Arc<Vec<u8>> {
        self.app.shared.lock().bodies.get(event).cloned().expect("an event with this id")
    }

    /// The value of `Stripe-Signature` for a body, signed at `at` (seconds since 1970).
    pub fn sign(&self, body: &[u8], secret: &str, at: i64) -> String {
        signature::sign(body, secret, at)
    }

    /// Lets events wait until they are delivered by hand or [`release`](Self::release) is called.
    pub fn hold(&self) {
        self.app.shared.lock().queue.is_held = true;
    }

    /// Delivers waiting and later events by itself.
    pub fn release(&self) {
        let mut state = self.app.shared.lock();
        state.queue.is_held = false;
        state.wake.notify_one();
    }

    /// The ids of the events that wait, oldest first.
    pub fn waiting(&self) -> Vec<String> {
        self.app.shared.lock().queue.waiting()
    }

    /// All attempts to deliver, oldest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.app.shared.lock().queue.log.clone()
    }

    /// Delivers an event once to all endpoints that subscribe to its type, also if it was delivered before.
    pub async fn deliver_to_all(&self, event: &str) -> Vec<Attempt> {
        let (app, event) = (self.app.clone(), event.to_owned());
        self.run(async move { deliveries::now(&app.shared, &app.client, &event).await }).await
    }

    /// Delivers an event once, and returns the status of the first endpoint that subscribes to its type. `None` if
    /// there is none, or it did not answer.
    pub async fn deliver(&self, event: &str) -> Option<u16> {
        self.deliver_to_all(event).await.first().and_then(|attempt| attempt.status)
    }

    /// Delivers an event again.
    pub async fn redeliver(&self, event: &str) -> Option<u16> {
        self.deliver(event).await
    }

    /// Delivers an event `count` times at the same time.
    pub async fn deliver_in_parallel(&self, event: &str, count: usize) -> Vec<Option<u16>> {
        let (app, event) = (self.app.clone(), event.to_owned());
        let all = async move { deliveries::in_parallel(&app.shared, &app.client, &event, count).await };
        self.run(all).await.into_iter().map(|attempt| attempt.status).collect()
    }

    /// Delivers the events that wait, one after another.
    pub async fn deliver_waiting(&self, order: Order) -> Vec<Attempt> {
        let app = self.app.clone();
        let mut ids = self.waiting();
        match order {
            Order::AsRecorded => {}
            Order::Reversed => ids.reverse(),
            Order::Random(seed) => {
                let mut random = Ids::new(seed);
                for last in (1..ids.len()).rev() {
                    ids.swap(last, random.below(last + 1));
                }
            }
            Order::Given(given) => ids = given,
        }
        self.run(async move {
            let mut attempts = Vec::new();
            for id in ids {
                attempts.extend(deliveries::now(&app.shared, &app.client, &id).await);
            }
            attempts
        })
        .await
    }

    /// Loses the waiting deliveries of an event.
    pub fn lose(&self, event: &str) {
        self.app.shared.lock().queue.lose(event);
    }

    /// Loses the deliveries of the next events.
    pub fn lose_next(&self, count: u32) {
        self.app.shared.lock().queue.drop_next(count);
    }

    /// Lets the deliveries of later events wait for this time.
    pub fn delay(&self, by: Duration) {
        self.app.shared.lock().queue.delay = by;
    }

    /// Delivers later events this many times.
    pub fn repeat(&self, copies: u32) {
        self.app.shared.lock().queue.copies = copies;
    }

    /// Signs deliveries with this time (seconds since 1970) instead of the clock's.
    pub fn sign_at(&self, at: Option<i64>) {
        self.app.shared.lock().queue.signed_at = at;
    }

    /// Adds a secret to all endpoints, as while a secret is being replaced: deliveries have one signature for each.
    pub fn add_secret(&self, secret: &str) {
        for secrets in self.app.shared.lock().secrets.values_mut() {
            secrets.push(secret.to_owned());
        }
    }

    /// Removes a secret from all endpoints.
    pub fn remove_secret(&self, secret: &str) {
        for secrets in self.app.shared.lock().secrets.values_mut() {
            secrets.retain(|one| one != secret);
        }
    }
}
