//! The overview: what needs attention, how many there are, and how that changes. Days are in UTC.

use std::{collections::BTreeMap, time::Duration};

use latchkey_licensing::{
    money::{Currency, Money},
    time::Timestamp,
};
use latchkey_store::{Attention, AttentionTimes, Conn, DailyCount, Gauges, OpenDispute};

use crate::{error::Internal, identity::actors::Support};

/// The days over which mails that were given up and outages need attention.
const RECENT: Duration = Duration::from_hours(7 * 24);

/// Licenses that expire within this time need attention.
const SOON: Duration = Duration::from_hours(14 * 24);

/// A mail that waits for longer is stuck.
const STUCK_AFTER: Duration = Duration::from_mins(15);

/// The most disputes that are listed.
const SHOWN_DISPUTES: i64 = 20;

const DAY_US: i64 = 86_400_000_000;

/// The days that the overview shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverviewRange {
    /// A week.
    Days7,
    /// A month.
    #[default]
    Days30,
    /// A quarter.
    Days90,
    /// A year.
    Days365,
}

impl OverviewRange {
    /// All ranges.
    pub const ALL: [Self; 4] = [Self::Days7, Self::Days30, Self::Days90, Self::Days365];

    /// The number of days, today included.
    pub fn days(self) -> u32 {
        match self {
            Self::Days7 => 7,
            Self::Days30 => 30,
            Self::Days90 => 90,
            Self::Days365 => 365,
        }
    }

    /// The range of this many days. `None` for any other number.
    pub fn of_days(days: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.days() == days)
    }
}

/// A value for each day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailySeries<T> {
    /// The start of the first day.
    pub first_day: Timestamp,
    /// The values, day by day, without gaps.
    pub values: Vec<T>,
}

/// The money of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneySeries {
    /// The currency.
    pub currency: Currency,
    /// What was paid each day.
    pub paid: DailySeries<i64>,
    /// What was refunded each day.
    pub refunded: DailySeries<i64>,
    /// Everything that was paid.
    pub total_paid: Money,
    /// Everything that was refunded.
    pub total_refunded: Money,
}

/// The overview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// How much of each kind needs attention.
    pub attention: Attention,
    /// The disputes that are not decided, the most urgent first.
    pub disputes: Vec<OpenDispute>,
    /// How many there are.
    pub gauges: Gauges,
    /// Accounts that were created.
    pub new_accounts: DailySeries<i64>,
    /// Licenses that were issued.
    pub new_licenses: DailySeries<i64>,
    /// Activations of machines.
    pub activations: DailySeries<i64>,
    /// Machines that were active at the end of each day.
    pub active_machines: DailySeries<i64>,
    /// Payments and refunds, by currency.
    pub money: Vec<MoneySeries>,
    /// Licenses that expire, from today on.
    pub expiries: DailySeries<i64>,
    /// When the overview was read.
    pub now: Timestamp,
}

/// Some days, each from midnight to midnight.
#[derive(Clone, Copy)]
struct Days {
    first: i64,
    count: u32,
}

impl Days {
    fn from(self) -> Timestamp {
        Timestamp::from_unix_micros(self.first.saturating_mul(DAY_US))
    }

    fn until(self) -> Timestamp {
        Timestamp::from_unix_micros(self.first.saturating_add(i64::from(self.count)).saturating_mul(DAY_US))
    }

    /// The values of the days, with zeros for days without one.
    fn series(self, values: impl IntoIterator<Item = (i64, i64)>) -> DailySeries<i64> {
        let by_day: BTreeMap<i64, i64> = values.into_iter().collect();
        let days = (0..i64::from(self.count)).map(|day| self.first.saturating_add(day));
        let values = days.map(|day| by_day.get(&day).copied().unwrap_or(0)).collect();
        DailySeries { first_day: self.from(), values }
    }

    async fn read(self, conn: &mut Conn, what: DailyCount) -> Result<DailySeries<i64>, Internal> {
        Ok(self.series(conn.list_daily_counts(what, self.from(), self.until()).await?))
    }

    /// Payments and refunds. Those in test mode are left out or, if `is_live` is not set, the only ones.
    async fn read_money(self, conn: &mut Conn, is_live: bool) -> Result<Vec<MoneySeries>, Internal> {
        type ByDay = Vec<(i64, i64)>;
        let mut by_currency: BTreeMap<String, (Currency, ByDay, ByDay)> = BTreeMap::new();
        for day in conn.list_daily_money(self.from(), self.until()).await? {
            if day.is_live != is_live {
                continue;
            }
            let currency = day.paid.currency;
            let entry = by_currency.entry(currency.to_string()).or_insert_with(|| (currency, Vec::new(), Vec::new()));
            entry.1.push((day.day, day.paid.minor));
            entry.2.push((day.day, day.refunded.minor));
        }
        let sum = |values: &ByDay, currency| {
            Money::new(values.iter().fold(0, |sum: i64, (_, value)| sum.saturating_add(*value)), currency)
        };
        let series = by_currency.into_values().map(|(currency, paid, refunded)| MoneySeries {
            currency,
            total_paid: sum(&paid, currency),
            total_refunded: sum(&refunded, currency),
            paid: self.series(paid),
            refunded: self.series(refunded),
        });
        Ok(series.collect())
    }
}

/// How many were active at the end of each day, from how many are active now and what changed since.
fn active_by_day(now: i64, added: &DailySeries<i64>, removed: &DailySeries<i64>) -> DailySeries<i64> {
    let mut active = now;
    let mut values = Vec::with_capacity(added.values.len());
    for (added, removed) in added.values.iter().zip(&removed.values).rev() {
        values.push(active);
        active = active.saturating_sub(*added).saturating_add(*removed);
    }
    values.reverse();
    DailySeries { first_day: added.first_day, values }
}

impl Support<'_> {
    /// The overview of the last days and, for expiries, of the next ones. `is_live` chooses between real payments and
    /// those in test mode.
    pub async fn overview(&self, range: OverviewRange, is_live: bool) -> Result<Overview, Internal> {
        let now = self.service.now();
        let today = now.unix_micros().div_euclid(DAY_US);
        let past = Days { first: today - i64::from(range.days()) + 1, count: range.days() };
        let ahead = Days { first: today, count: range.days() };
        let times = AttentionTimes {
            now,
            since: now.minus(RECENT),
            until: now.plus(SOON),
            stuck_before: now.minus(STUCK_AFTER),
        };
        let mut reader = self.service.store().read().await?;
        let gauges = reader.find_gauges(now).await?;
        let activations = past.read(&mut reader, DailyCount::Activations).await?;
        let deactivations = past.read(&mut reader, DailyCount::Deactivations).await?;
        Ok(Overview {
            attention: reader.find_attention(times).await?,
            disputes: reader.list_open_disputes(SHOWN_DISPUTES).await?,
            new_accounts: past.read(&mut reader, DailyCount::NewAccounts).await?,
            new_licenses: past.read(&mut reader, DailyCount::NewLicenses).await?,
            active_machines: active_by_day(gauges.active_machines, &activations, &deactivations),
            activations,
            money: past.read_money(&mut reader, is_live).await?,
            expiries: ahead.read(&mut reader, DailyCount::Expiries).await?,
            gauges,
            now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_no_gaps() {
        let days = Days { first: 20_000, count: 4 };
        assert_eq!(days.series([(20_001, 5), (20_003, 7), (20_004, 9)]).values, [0, 5, 0, 7]);
        assert_eq!(days.from().rfc3339(), "2024-10-04T00:00:00.000Z");
        assert_eq!(days.until().since(days.from()), Duration::from_hours(4 * 24));
    }

    #[test]
    fn what_was_active_follows_from_what_is_active() {
        let days = Days { first: 0, count: 3 };
        let (added, removed) = (days.series([(0, 2), (2, 1)]), days.series([(1, 1)]));
        // Two were added on the first day, one was removed on the second, and one was added on the third.
        assert_eq!(active_by_day(2, &added, &removed).values, [2, 1, 2]);
    }
}
