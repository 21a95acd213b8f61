//! Payments of orders, with their refunds and disputes.

use latchkey_licensing::{
    ids::OrderId,
    order::{Dispute, DisputeState, Payment, Refund, RefundState},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// A payment as the provider said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPayment {
    /// The provider's id.
    pub id: String,
    pub paid_minor: i64,
    pub paid_at: Timestamp,
    /// The provider's invoice.
    pub invoice: Option<String>,
    /// The end of the period that it pays for.
    pub period_ends_at: Option<Timestamp>,
    pub refunds: Vec<StoredRefund>,
    pub disputes: Vec<StoredDispute>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefund {
    /// The provider's id.
    pub id: String,
    pub amount_minor: i64,
    pub state: RefundState,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDispute {
    /// The provider's id.
    pub id: String,
    pub amount_minor: i64,
    pub state: DisputeState,
    /// The buyer's reason, as one word of the provider.
    pub reason: String,
    /// Until when the vendor can answer.
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl StoredPayment {
    /// What decides about the order.
    pub fn facts(&self) -> Payment {
        Payment {
            paid_minor: self.paid_minor,
            refunds: self
                .refunds
                .iter()
                .map(|refund| Refund { amount_minor: refund.amount_minor, state: refund.state })
                .collect(),
            disputes: self.disputes.iter().map(|dispute| Dispute { state: dispute.state }).collect(),
            period_ends_at: self.period_ends_at,
        }
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct PaymentRow {
    pub(crate) id: String,
    order_id: Uuid,
    paid_minor: i64,
    paid_at: i64,
    invoice: Option<String>,
    period_ends_at: Option<i64>,
}

impl PaymentRow {
    pub(crate) fn payment(self) -> (OrderId, StoredPayment) {
        let payment = StoredPayment {
            id: self.id,
            paid_minor: self.paid_minor,
            paid_at: Timestamp::from_unix_micros(self.paid_at),
            invoice: self.invoice,
            period_ends_at: self.period_ends_at.map(Timestamp::from_unix_micros),
            refunds: Vec::new(),
            disputes: Vec::new(),
        };
        (self.order_id.into(), payment)
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct RefundRow {
    id: String,
    pub(crate) payment_id: String,
    amount_minor: i64,
    state: String,
    created_at: i64,
}

impl TryFrom<RefundRow> for StoredRefund {
    type Error = StoreError;

    fn try_from(row: RefundRow) -> Result<Self> {
        let state = RefundState::parse(&row.state)
            .ok_or_else(|| Origin::new("order_refunds", &row.id).corrupt("state is invalid"))?;
        let created_at = Timestamp::from_unix_micros(row.created_at);
        Ok(Self { id: row.id, amount_minor: row.amount_minor, state, created_at })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct DisputeRow {
    id: String,
    pub(crate) payment_id: String,
    amount_minor: i64,
    state: String,
    reason: String,
    due_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<DisputeRow> for StoredDispute {
    type Error = StoreError;

    fn try_from(row: DisputeRow) -> Result<Self> {
        let state = DisputeState::parse(&row.state)
            .ok_or_else(|| Origin::new("order_disputes", &row.id).corrupt("state is invalid"))?;
        Ok(Self {
            id: row.id,
            amount_minor: row.amount_minor,
            state,
            reason: row.reason,
            due_at: row.due_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(row.created_at),
        })
    }
}
