//! The double's clocks: the real time, and the time of billing, which can be ahead of it.
//!
//! As with Stripe's test clocks, only subscriptions and their invoices live in the advanced time. Checkout sessions expire,
//! events are recorded and deliveries are signed in real time.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use latchkey_licensing::time::Timestamp;
use latchkey_service::Clock;

/// The time of the operating system.
#[derive(Debug)]
pub struct RealTime;

impl Clock for RealTime {
    #[expect(clippy::disallowed_methods, reason = "this is the port's implementation")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The time of the operating system, and ahead of it by the seconds in a file that a test writes. Without the file, they are
/// the same.
#[derive(Debug)]
pub struct AheadOfRealTime(pub PathBuf);

impl Clock for AheadOfRealTime {
    fn now(&self) -> Timestamp {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        RealTime.now().plus(Duration::from_secs(text.trim().parse().unwrap_or(0)))
    }
}

/// In seconds since 1970, as Stripe counts.
#[derive(Debug)]
pub(crate) struct DoubleClock {
    source: Arc<dyn Clock>,
    /// How far billing is ahead.
    ahead: i64,
    /// While something of billing changes: the moment at which it happens, which may be past.
    moment: Option<i64>,
}

impl DoubleClock {
    pub(crate) fn new(source: Arc<dyn Clock>) -> Self {
        Self { source, ahead: 0, moment: None }
    }

    /// When what happens is recorded.
    pub(crate) fn now(&self) -> i64 {
        self.moment.unwrap_or_else(|| self.real())
    }

    pub(crate) fn real(&self) -> i64 {
        self.source.now().unix_micros().div_euclid(1_000_000)
    }

    /// The time of subscriptions.
    pub(crate) fn billing(&self) -> i64 {
        self.moment.unwrap_or_else(|| self.real() + self.ahead)
    }

    pub(crate) fn is_at_moment(&self) -> bool {
        self.moment.is_some()
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead += i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    }

    /// Changes happen at this moment until it is reset to `None`.
    pub(crate) fn set_moment(&mut self, moment: Option<i64>) {
        self.moment = moment;
    }
}
