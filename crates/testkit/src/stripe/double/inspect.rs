//! Looks at objects, changes them against all rules, and makes API calls fail.

use std::collections::BTreeMap;

use serde_json::Value;

use super::StripeDouble;
use crate::stripe::{Endpoint, Fault, wire::fields::text};

impl StripeDouble {
    /// An object of any kind.
    ///
    /// # Panics
    /// Panics if there is none with this id.
    pub fn object(&self, id: &str) -> Value {
        self.app.shared.lock().objects.any(id).cloned().expect("an object with this id")
    }

    /// All objects of a kind, such as `checkout.session`, oldest first.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let mut found: Vec<Value> = self.app.shared.lock().objects.newest(kind).cloned().collect();
        found.reverse();
        found
    }

    /// Changes an object without an event, as if Stripe lied.
    pub fn tamper(&self, id: &str, change: impl FnOnce(&mut Value)) {
        change(self.app.shared.lock().objects.get_mut(id));
    }

    /// Changes a checkout session without an event.
    pub fn tamper_session(&self, session: &str, change: impl FnOnce(&mut Value)) {
        self.tamper(session, change);
    }

    /// Adds a webhook endpoint after the start, for a server whose port was not known before. Returns its id.
    pub fn add_endpoint(&self, endpoint: &Endpoint) -> String {
        self.app.shared.lock().add_endpoint(endpoint)
    }

    /// The tax on later sales with `automatic_tax`, in hundredths of a percent.
    pub fn set_tax(&self, basis_points: i64) {
        self.app.shared.lock().options.tax_basis_points = basis_points;
    }

    /// The next `count` API calls whose path starts with the prefix get the fault.
    pub fn fail_next(&self, prefix: &str, fault: Fault, count: u32) {
        self.app.shared.lock().faults.plan(prefix, fault, count);
    }

    /// No further API calls get a fault.
    pub fn clear_faults(&self) {
        self.app.shared.lock().faults.clear();
    }

    /// Holds the answer of the `nth` call from now that reads something whose path starts with the prefix. The answer says
    /// what is true when the call arrives, whatever changes until [`resume_calls`](Self::resume_calls).
    pub fn pause_call(&self, prefix: &str, nth: u32) {
        self.app.shared.lock().faults.plan_pause(prefix, nth);
    }

    /// Waits until an answer is held.
    pub async fn wait_for_pause(&self) {
        let mut paused = self.app.shared.lock().faults.paused();
        // The double keeps the sender.
        let _ = paused.wait_for(|paused| paused.count > 0).await;
    }

    /// Sends all answers that are held, and holds no others.
    pub fn resume_calls(&self) {
        self.app.shared.lock().faults.resume();
    }

    /// The number of API calls of each method and path, such as `GET /v1/events`.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.app.shared.lock().faults.calls()
    }

    /// The number of API calls whose path starts with the prefix.
    pub fn count_calls(&self, prefix: &str) -> u64 {
        let calls = self.calls();
        let of_prefix =
            calls.iter().filter(|(call, _)| call.split(' ').nth(1).is_some_and(|path| path.starts_with(prefix)));
        of_prefix.map(|(_, count)| count).sum()
    }

    /// The address of the page on which a person pays a session.
    pub fn checkout_url(&self, session: &str) -> String {
        text(&self.object(session), "url").to_owned()
    }
}
