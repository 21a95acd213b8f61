//! What people, banks and time do.

use serde_json::{Value, json};

use super::StripeDouble;
use crate::stripe::{DisputeKind, Outcome, Paid, Payment, Refusal, Renewal, life::RefundOf, wire::fields::text};

impl StripeDouble {
    /// A person fills in the checkout page of a session and pays.
    pub fn pay(&self, session: &str, payment: &Payment) -> Result<Paid, Refusal> {
        let mut state = self.app.shared.lock();
        state.catch_up();
        state.pay(session, payment)
    }

    /// A person enters a promotion code on the checkout page.
    pub fn apply_promotion_code(&self, session: &str, code: &str) -> Result<(), Refusal> {
        self.app.shared.lock().apply_promotion_code(session, code)
    }

    /// A session expires before its time.
    pub fn expire(&self, session: &str) -> Result<(), Refusal> {
        self.app.shared.lock().expire(session)
    }

    /// The bank has paid a delayed payment.
    pub fn settle(&self, payment_intent: &str) -> Result<(), Refusal> {
        self.app.shared.lock().settle(payment_intent)
    }

    /// The bank has refused a delayed payment.
    pub fn fail_payment(&self, payment_intent: &str) -> Result<(), Refusal> {
        self.app.shared.lock().fail_payment(payment_intent)
    }

    /// The payment intent of a session, also if a subscription's invoice is between them.
    pub fn payment_of(&self, session: &str) -> Option<String> {
        let state = self.app.shared.lock();
        let object = state.objects.find("checkout.session", session)?;
        let direct = text(object, "payment_intent");
        if !direct.is_empty() {
            return Some(direct.to_owned());
        }
        let payments = state.objects.with("invoice_payment", "invoice", text(object, "invoice"));
        payments.first().map(|id| text(&state.objects.get(id)["payment"], "payment_intent").to_owned())
    }

    /// Refunds a payment intent or a charge. All that is left if there is no amount. Returns the refund's id.
    pub fn refund(&self, payment: &str, amount: Option<i64>) -> Result<String, Refusal> {
        self.refund_as(payment, amount, false)
    }

    /// As [`refund`](Self::refund), but the bank takes its time.
    pub fn refund_slowly(&self, payment: &str, amount: Option<i64>) -> Result<String, Refusal> {
        self.refund_as(payment, amount, true)
    }

    fn refund_as(&self, payment: &str, amount: Option<i64>, is_pending: bool) -> Result<String, Refusal> {
        let of = RefundOf { payment: payment.to_owned(), amount, is_pending, ..RefundOf::default() };
        self.app.shared.lock().refund(of)
    }

    /// A slow refund was paid.
    pub fn succeed_refund(&self, refund: &str) -> Result<(), Refusal> {
        self.app.shared.lock().succeed_refund(refund)
    }

    /// The money could not be returned, even after the refund had succeeded.
    pub fn fail_refund(&self, refund: &str) -> Result<(), Refusal> {
        self.app.shared.lock().fail_refund(refund)
    }

    /// Opens a dispute on a payment intent or a charge. Returns its id.
    pub fn dispute(&self, payment: &str, kind: DisputeKind) -> Result<String, Refusal> {
        self.app.shared.lock().dispute(payment, kind)
    }

    /// An inquiry becomes a chargeback.
    pub fn escalate_dispute(&self, dispute: &str) -> Result<(), Refusal> {
        self.app.shared.lock().escalate_dispute(dispute)
    }

    /// Evidence was sent.
    pub fn review_dispute(&self, dispute: &str) -> Result<(), Refusal> {
        self.app.shared.lock().review_dispute(dispute)
    }

    pub fn close_dispute(&self, dispute: &str, outcome: Outcome) -> Result<(), Refusal> {
        self.app.shared.lock().close_dispute(dispute, outcome)
    }

    /// The bank suspects fraud. Returns the warning's id.
    pub fn fraud_warning(&self, payment: &str) -> Result<String, Refusal> {
        self.app.shared.lock().fraud_warning(payment)
    }

    /// What the bank answers when subscriptions renew.
    pub fn set_renewal(&self, renewal: Renewal) {
        self.app.shared.lock().renewal = renewal;
    }

    /// What the bank answers when this subscription renews.
    pub fn set_renewal_of(&self, subscription: &str, renewal: Renewal) {
        if let Some(billing) = self.app.shared.lock().billing.get_mut(subscription) {
            billing.renewal = Some(renewal);
        }
    }

    /// Ends a subscription at once.
    pub fn cancel_subscription(&self, subscription: &str) -> Result<(), Refusal> {
        self.app.shared.lock().cancel_subscription(subscription)
    }

    /// Ends a subscription with its current period, or takes this back.
    pub fn cancel_at_period_end(&self, subscription: &str, is_wanted: bool) -> Result<(), Refusal> {
        self.app.shared.lock().cancel_at_period_end(subscription, is_wanted)
    }

    /// Pauses a subscription: its status is `paused`, and it does not renew.
    pub fn pause(&self, subscription: &str) -> Result<(), Refusal> {
        self.app.shared.lock().pause(subscription)
    }

    pub fn resume(&self, subscription: &str) -> Result<(), Refusal> {
        self.app.shared.lock().resume(subscription)
    }

    /// Stops the collection of payments with a behavior such as `void`, or resumes it with `None`.
    pub fn pause_collection(&self, subscription: &str, behavior: Option<&str>) -> Result<(), Refusal> {
        let pause = behavior.map_or(Value::Null, |behavior| json!({ "behavior": behavior, "resumes_at": null }));
        self.app.shared.lock().set_pause_collection(subscription, pause)
    }
}
