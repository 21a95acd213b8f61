//! One payment with its refunds and disputes.

use crate::{rules::policy::words, time::Timestamp};

words! {
    /// The state of a refund (<https://docs.stripe.com/api/refunds/object#refund_object-status>).
    RefundState {
        /// The money is on its way.
        Pending = "pending",
        /// The buyer has to act before the money is sent.
        RequiresAction = "requires_action",
        /// The money arrived.
        Succeeded = "succeeded",
        /// The buyer's bank returned the money.
        Failed = "failed",
        /// The refund was canceled.
        Canceled = "canceled",
    }
}

impl RefundState {
    /// Whether the money counts as returned.
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Succeeded)
    }
}

words! {
    /// The state of a dispute (<https://docs.stripe.com/api/disputes/object#dispute_object-status>).
    DisputeState {
        /// The bank asks, and no money has been taken.
        Inquiry = "inquiry",
        /// The inquiry ended without a dispute.
        InquiryClosed = "inquiry_closed",
        /// The money has been taken, and the bank has not decided.
        Open = "open",
        /// The vendor won: the money came back.
        Won = "won",
        /// The buyer won.
        Lost = "lost",
        /// It was settled before it became a dispute.
        Prevented = "prevented",
    }
}

/// A refund of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The amount, in the currency's smallest unit.
    pub amount_minor: i64,
    /// Its state.
    pub state: RefundState,
}

/// A dispute about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Its state.
    pub state: DisputeState,
}

/// A payment that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The amount received, in the currency's smallest unit. Zero if a discount covered everything.
    pub paid_minor: i64,
    /// All refunds of it.
    pub refunds: Vec<Refund>,
    /// All disputes about it.
    pub disputes: Vec<Dispute>,
    /// The end of the period that it pays for. `None` for a one-time purchase.
    pub period_ends_at: Option<Timestamp>,
}

/// What became of a payment, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentStanding {
    /// The vendor has the money.
    Kept,
    /// Some of it was refunded.
    PartlyRefunded,
    /// A dispute about it is open.
    Disputed,
    /// All of it was refunded.
    Refunded,
    /// A dispute about it was lost.
    DisputeLost,
}

impl Payment {
    /// How much of it was refunded, in the currency's smallest unit.
    pub fn refunded_minor(&self) -> i64 {
        let refunds = self.refunds.iter().filter(|refund| refund.state.counts());
        refunds.fold(0, |sum: i64, refund| sum.saturating_add(refund.amount_minor))
    }

    /// What became of it.
    pub fn standing(&self) -> PaymentStanding {
        let has = |state| self.disputes.iter().any(|dispute| dispute.state == state);
        let refunded = self.refunded_minor();
        if has(DisputeState::Lost) {
            PaymentStanding::DisputeLost
        } else if refunded > 0 && refunded >= self.paid_minor {
            PaymentStanding::Refunded
        } else if has(DisputeState::Open) {
            PaymentStanding::Disputed
        } else if refunded > 0 {
            PaymentStanding::PartlyRefunded
        } else {
            PaymentStanding::Kept
        }
    }
}
