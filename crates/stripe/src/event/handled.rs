//! The types of events that this program acts on.

/// A kind of object that events are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A checkout session.
    CheckoutSession,
    /// A payment intent.
    PaymentIntent,
    /// A charge.
    Charge,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// An invoice.
    Invoice,
    /// A subscription.
    Subscription,
    /// An early fraud warning.
    EarlyFraudWarning,
    /// A customer.
    Customer,
}

/// All types of events that this program acts on, with what they are about. The webhook endpoint asks for exactly
/// these.
pub const HANDLED: &[(&str, Resource)] = &[
    ("charge.dispute.closed", Resource::Dispute),
    ("charge.dispute.created", Resource::Dispute),
    ("charge.dispute.funds_reinstated", Resource::Dispute),
    ("charge.dispute.funds_withdrawn", Resource::Dispute),
    ("charge.dispute.updated", Resource::Dispute),
    ("charge.refund.updated", Resource::Refund),
    ("charge.refunded", Resource::Charge),
    ("checkout.session.async_payment_failed", Resource::CheckoutSession),
    ("checkout.session.async_payment_succeeded", Resource::CheckoutSession),
    ("checkout.session.completed", Resource::CheckoutSession),
    ("checkout.session.expired", Resource::CheckoutSession),
    ("customer.deleted", Resource::Customer),
    ("customer.subscription.created", Resource::Subscription),
    ("customer.subscription.deleted", Resource::Subscription),
    ("customer.subscription.paused", Resource::Subscription),
    ("customer.subscription.resumed", Resource::Subscription),
    ("customer.subscription.updated", Resource::Subscription),
    ("customer.updated", Resource::Customer),
    ("invoice.paid", Resource::Invoice),
    ("invoice.payment_failed", Resource::Invoice),
    ("payment_intent.payment_failed", Resource::PaymentIntent),
    ("payment_intent.succeeded", Resource::PaymentIntent),
    ("radar.early_fraud_warning.created", Resource::EarlyFraudWarning),
    ("refund.created", Resource::Refund),
    ("refund.failed", Resource::Refund),
    ("refund.updated", Resource::Refund),
];

impl Resource {
    /// The value of `object` in objects of this kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CheckoutSession => "checkout.session",
            Self::PaymentIntent => "payment_intent",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Invoice => "invoice",
            Self::Subscription => "subscription",
            Self::EarlyFraudWarning => "radar.early_fraud_warning",
            Self::Customer => "customer",
        }
    }

    /// What events of this type are about. `None` if this program does not act on them.
    pub fn of_event(kind: &str) -> Option<Self> {
        HANDLED.iter().find(|(handled, _)| *handled == kind).map(|(_, resource)| *resource)
    }
}
