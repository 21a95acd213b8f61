//! Everything that the double remembers. All changes go through here, so that each is recorded as an event.

mod events;
mod objects;
mod queue;

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) use objects::Objects;
pub use queue::Attempt;
pub(crate) use queue::{Pending, Queue};

use super::{
    Options,
    clock::DoubleClock,
    faults::Faults,
    life::{Billing, Cart, Renewal},
    wire::{examples, fields::overwrite, idempotency::Replays, ids::Ids, refusal::Refusal},
};

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) base_url: String,
    pub(crate) clock: DoubleClock,
    pub(crate) ids: Ids,
    pub(crate) objects: Objects,
    /// What each checkout session sells.
    pub(crate) carts: HashMap<String, Cart>,
    /// What each subscription charges for, and when.
    pub(crate) billing: HashMap<String, Billing>,
    /// All lines of each invoice. The objects contain the first ones.
    pub(crate) invoice_lines: HashMap<String, Vec<Value>>,
    /// What happens when a subscription that has no setting of its own renews.
    pub(crate) renewal: Renewal,
    /// The secrets of each webhook endpoint: the current one, and one that is being replaced.
    pub(crate) secrets: HashMap<String, Vec<String>>,
    pub(crate) bodies: HashMap<String, Arc<Vec<u8>>>,
    pub(crate) queue: Queue,
    pub(crate) faults: Faults,
    pub(crate) replays: Replays,
    /// The id and the idempotency key of the API call that is being answered.
    pub(crate) request: Option<(String, Option<String>)>,
    /// Signals the delivery task that the queue has changed.
    pub(crate) wake: Arc<Notify>,
}

impl State {
    pub(crate) fn new(options: Options, base_url: String) -> Self {
        let mut state = Self {
            clock: DoubleClock::new(options.clock.clone()),
            ids: Ids::new(options.seed),
            objects: Objects::default(),
            carts: HashMap::new(),
            billing: HashMap::new(),
            invoice_lines: HashMap::new(),
            renewal: Renewal::Succeed,
            secrets: HashMap::new(),
            bodies: HashMap::new(),
            queue: Queue::new(options.is_held),
            faults: Faults::default(),
            replays: Replays::default(),
            request: None,
            wake: Arc::new(Notify::new()),
            base_url,
            options,
        };
        state.create("account", "acct_1DoubleDoubleDouble".to_owned(), json!({ "charges_enabled": true }));
        for endpoint in state.options.endpoints.clone() {
            state.add_endpoint(&endpoint);
        }
        state
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Lets a change of a subscription happen in the time of billing.
    pub(crate) fn in_billing_time<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        if self.clock.is_at_moment() {
            return change(self);
        }
        self.clock.set_moment(Some(self.clock.billing()));
        let result = change(self);
        self.clock.set_moment(None);
        result
    }

    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.ids.next(prefix, 24)
    }

    /// Stores a new object: Stripe's example, with these fields.
    pub(crate) fn create(&mut self, kind: &'static str, id: String, fields: Value) -> String {
        let mut object = examples::blank(kind, self.options.is_filled);
        object["id"] = id.as_str().into();
        object["object"] = kind.into();
        if object.get("created").is_some() {
            object["created"] = self.now().into();
        }
        if object.get("livemode").is_some() {
            object["livemode"] = self.options.is_live.into();
        }
        overwrite(&mut object, fields);
        self.objects.insert(kind, id.clone(), object);
        id
    }

    /// A copy of an object, or the refusal for an unknown id.
    pub(crate) fn get(&self, kind: &str, id: &str) -> Result<Value, Refusal> {
        let what = kind.rsplit('.').next().unwrap_or(kind);
        self.objects.find(kind, id).cloned().ok_or_else(|| Refusal::no_such(what, id))
    }

    /// Changes an object and returns the earlier version.
    pub(crate) fn change(&mut self, id: &str, fields: Value) -> Value {
        let object = self.objects.get_mut(id);
        let before = object.clone();
        overwrite(object, fields);
        before
    }
}
