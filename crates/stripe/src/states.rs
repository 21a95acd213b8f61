//! What the states of Stripe's objects mean for an order. `None` means a state that this version does not know: the
//! caller must not guess.

use latchkey_licensing::order::{Checkout, DisputeState, RefundState, SubscriptionState};

use crate::objects::{CheckoutSession, Dispute, PaymentIntent, Refund, Subscription};

impl CheckoutSession {
    /// What became of the checkout. A session that is complete and unpaid does not say by itself whether the payment is
    /// still on its way, so its payment and subscription are needed.
    pub fn state(&self, payment: Option<&PaymentIntent>, subscription: Option<&Subscription>) -> Option<Checkout> {
        match (self.status.as_deref()?, self.payment_status.as_str()) {
            ("open", _) => Some(Checkout::Open),
            ("expired", _) => Some(Checkout::Expired),
            ("complete", "paid") => Some(Checkout::Paid),
            ("complete", "no_payment_required") => Some(Checkout::NothingToPay),
            ("complete", "unpaid") => {
                let has_failed = payment.is_some_and(PaymentIntent::is_given_up)
                    || subscription.is_some_and(|it| matches!(it.status.as_str(), "incomplete_expired" | "canceled"));
                Some(if has_failed { Checkout::Failed } else { Checkout::Unpaid })
            }
            _ => None,
        }
    }
}

impl PaymentIntent {
    /// Whether the money was received.
    pub fn is_paid(&self) -> bool {
        self.status == "succeeded"
    }

    /// Whether the money will not come without another attempt of the buyer.
    pub fn is_given_up(&self) -> bool {
        self.status == "canceled" || (self.status == "requires_payment_method" && self.has_failed)
    }
}

impl Refund {
    /// Its state.
    pub fn state(&self) -> Option<RefundState> {
        // Refunds of old payments have no status. Their money was sent.
        let Some(status) = &self.status else { return Some(RefundState::Succeeded) };
        match status.as_str() {
            "pending" => Some(RefundState::Pending),
            "requires_action" => Some(RefundState::RequiresAction),
            "succeeded" => Some(RefundState::Succeeded),
            "failed" => Some(RefundState::Failed),
            "canceled" => Some(RefundState::Canceled),
            _ => None,
        }
    }
}

impl Dispute {
    /// Its state.
    pub fn state(&self) -> Option<DisputeState> {
        match self.status.as_str() {
            "warning_needs_response" | "warning_under_review" => Some(DisputeState::Inquiry),
            // An inquiry that ended with a refund has the second status in some versions of the API.
            "warning_closed" | "charge_refunded" => Some(DisputeState::InquiryClosed),
            "needs_response" | "under_review" => Some(DisputeState::Open),
            "won" => Some(DisputeState::Won),
            "lost" => Some(DisputeState::Lost),
            "prevented" => Some(DisputeState::Prevented),
            _ => None,
        }
    }
}

impl Subscription {
    /// Its state.
    pub fn state(&self) -> Option<SubscriptionState> {
        match self.status.as_str() {
            // Payments can be paused without a change of the status.
            "active" | "trialing" | "past_due" | "paused" if self.is_paused => Some(SubscriptionState::Paused),
            "active" => Some(SubscriptionState::Active),
            "trialing" => Some(SubscriptionState::Trialing),
            "past_due" => Some(SubscriptionState::PastDue),
            "incomplete" => Some(SubscriptionState::Incomplete),
            "paused" => Some(SubscriptionState::Paused),
            // Unpaid means that no more attempts are made to collect the money.
            "canceled" | "incomplete_expired" | "unpaid" => Some(SubscriptionState::Ended),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn session(status: Value, payment_status: &str) -> CheckoutSession {
        serde_json::from_value(json!({
            "id": "cs_1", "livemode": false, "mode": "payment", "status": status, "payment_status": payment_status,
            "created": 1,
        }))
        .expect("a session")
    }

    fn payment(status: &str, error: Value) -> PaymentIntent {
        serde_json::from_value(json!({
            "id": "pi_1", "status": status, "amount_received": 0, "currency": "usd", "created": 1,
            "last_payment_error": error,
        }))
        .expect("a payment intent")
    }

    fn subscription(status: &str, pause: Value) -> Subscription {
        serde_json::from_value(json!({
            "id": "sub_1", "status": status, "cancel_at_period_end": false, "pause_collection": pause,
            "items": { "data": [], "has_more": false },
        }))
        .expect("a subscription")
    }

    #[test]
    fn a_checkout_has_the_state_of_its_session_and_its_payment() {
        for (status, payment_status, state) in [
            (json!("open"), "unpaid", Some(Checkout::Open)),
            (json!("expired"), "unpaid", Some(Checkout::Expired)),
            (json!("complete"), "paid", Some(Checkout::Paid)),
            (json!("complete"), "no_payment_required", Some(Checkout::NothingToPay)),
            (json!("complete"), "unpaid", Some(Checkout::Unpaid)),
            (json!("complete"), "partly", None),
            (json!("archived"), "paid", None),
            (Value::Null, "paid", None),
        ] {
            assert_eq!(session(status.clone(), payment_status).state(None, None), state, "{status} {payment_status}");
        }
        let unpaid = session(json!("complete"), "unpaid");
        for (status, error, state) in [
            ("processing", Value::Null, Checkout::Unpaid),
            ("requires_payment_method", Value::Null, Checkout::Unpaid),
            ("requires_payment_method", json!({ "type": "card_error" }), Checkout::Failed),
            ("requires_action", json!({ "type": "card_error" }), Checkout::Unpaid),
            ("canceled", Value::Null, Checkout::Failed),
        ] {
            assert_eq!(unpaid.state(Some(&payment(status, error)), None), Some(state), "{status}");
        }
        for (status, state) in [("incomplete", Checkout::Unpaid), ("incomplete_expired", Checkout::Failed)] {
            assert_eq!(unpaid.state(None, Some(&subscription(status, Value::Null))), Some(state), "{status}");
        }
    }

    #[test]
    fn a_subscription_is_paused_by_its_status_or_by_its_collection() {
        let pause = json!({ "behavior": "void", "resumes_at": null });
        for (status, pause, state) in [
            ("active", Value::Null, Some(SubscriptionState::Active)),
            ("active", pause.clone(), Some(SubscriptionState::Paused)),
            ("trialing", Value::Null, Some(SubscriptionState::Trialing)),
            ("past_due", Value::Null, Some(SubscriptionState::PastDue)),
            ("incomplete", Value::Null, Some(SubscriptionState::Incomplete)),
            ("paused", Value::Null, Some(SubscriptionState::Paused)),
            ("canceled", pause, Some(SubscriptionState::Ended)),
            ("unpaid", Value::Null, Some(SubscriptionState::Ended)),
            ("incomplete_expired", Value::Null, Some(SubscriptionState::Ended)),
            ("frozen", Value::Null, None),
        ] {
            assert_eq!(subscription(status, pause).state(), state, "{status}");
        }
    }

    #[test]
    fn st_21_a_dispute_has_the_state_of_its_status() {
        let state = |status: &str| {
            let dispute: Dispute = serde_json::from_value(json!({
                "id": "du_1", "amount": 1, "status": status, "reason": "general", "created": 1,
            }))
            .expect("a dispute");
            dispute.state()
        };
        for (status, expected) in [
            ("warning_needs_response", DisputeState::Inquiry),
            ("warning_under_review", DisputeState::Inquiry),
            ("warning_closed", DisputeState::InquiryClosed),
            ("needs_response", DisputeState::Open),
            ("under_review", DisputeState::Open),
            ("won", DisputeState::Won),
            ("lost", DisputeState::Lost),
            ("prevented", DisputeState::Prevented),
        ] {
            assert_eq!(state(status), Some(expected), "{status}");
        }
        assert_eq!(state("settled"), None);
    }

    #[test]
    fn st_20_a_refund_has_the_state_of_its_status() {
        let state = |status: Value| {
            let refund: Refund =
                serde_json::from_value(json!({ "id": "re_1", "amount": 1, "status": status, "created": 1 }))
                    .expect("a refund");
            refund.state()
        };
        for known in RefundState::ALL {
            assert_eq!(state(json!(known.as_str())), Some(*known));
        }
        assert_eq!((state(Value::Null), state(json!("lost"))), (Some(RefundState::Succeeded), None));
    }
}
