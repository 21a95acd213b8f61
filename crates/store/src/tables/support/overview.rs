//! Numbers about everything, and over time.

use latchkey_licensing::{ids::OrderId, money::Money, order::DisputeState, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// The instants that decide what needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionTimes {
    pub now: Timestamp,
    /// Since when mails that were given up and outages count.
    pub since: Timestamp,
    /// Until when licenses that expire count.
    pub until: Timestamp,
    /// Mails that wait since before this instant are stuck.
    pub stuck_before: Timestamp,
}

/// How much of each kind needs a person's attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Attention {
    /// Events that could not be handled.
    pub failed_events: i64,
    pub held_orders: i64,
    /// Mails that wait longer than they should.
    pub stuck_mails: i64,
    /// Mails that were given up.
    pub failed_mails: i64,
    pub open_disputes: i64,
    /// Licenses in good standing that expire soon.
    pub expiring_licenses: i64,
    pub outages: i64,
}

/// A dispute that is not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDispute {
    /// The provider's id.
    pub id: String,
    pub order: OrderId,
    pub amount: Money,
    pub state: DisputeState,
    /// The buyer's reason, as one word of the provider.
    pub reason: String,
    /// Until when the vendor can answer.
    pub due_at: Option<Timestamp>,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Gauges {
    pub accounts: i64,
    pub licenses: i64,
    /// Licenses in good standing that have not expired.
    pub active_licenses: i64,
    pub active_machines: i64,
}

/// What is counted for each day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DailyCount {
    NewAccounts,
    NewLicenses,
    Activations,
    Deactivations,
    /// Licenses in good standing, by the day on which they expire.
    Expiries,
}

/// The money of one day in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyMoney {
    /// Days since the Unix epoch, in UTC.
    pub day: i64,
    /// Whether it is real money.
    pub is_live: bool,
    pub paid: Money,
    pub refunded: Money,
}

#[derive(sqlx::FromRow)]
pub(crate) struct DailyMoneyRow {
    day: i64,
    is_live: bool,
    currency: String,
    paid_minor: i64,
    refunded_minor: i64,
}

impl TryFrom<DailyMoneyRow> for DailyMoney {
    type Error = StoreError;

    fn try_from(row: DailyMoneyRow) -> Result<Self> {
        let currency = Origin::new("orders", row.day).currency(&row.currency)?;
        Ok(Self {
            day: row.day,
            is_live: row.is_live,
            paid: Money::new(row.paid_minor, currency),
            refunded: Money::new(row.refunded_minor, currency),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct OpenDisputeRow {
    id: String,
    order_id: Uuid,
    amount_minor: i64,
    currency: String,
    state: String,
    reason: String,
    due_at: Option<i64>,
}

impl TryFrom<OpenDisputeRow> for OpenDispute {
    type Error = StoreError;

    fn try_from(row: OpenDisputeRow) -> Result<Self> {
        let origin = Origin::new("order_disputes", &row.id);
        let amount = Money::new(row.amount_minor, origin.currency(&row.currency)?);
        let state = DisputeState::parse(&row.state).ok_or_else(|| origin.corrupt("state is invalid"))?;
        Ok(Self {
            order: row.order_id.into(),
            amount,
            state,
            reason: row.reason,
            due_at: row.due_at.map(Timestamp::from_unix_micros),
            id: row.id,
        })
    }
}
