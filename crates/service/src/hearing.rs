//! Since when this process has been able to hear heartbeats.
//!
//! A machine that could not be heard is not dead: after a time without the database, or in which the
//! process did not run, every machine gets its full window again.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use latchkey_licensing::time::Timestamp;

/// Since when heartbeats are heard without a gap.
#[derive(Debug)]
pub(crate) struct Hearing {
    since: AtomicI64,
    last_round: AtomicI64,
}

impl Hearing {
    pub(crate) fn from(now: Timestamp) -> Self {
        Self { since: AtomicI64::new(now.unix_micros()), last_round: AtomicI64::new(now.unix_micros()) }
    }

    /// Since when heartbeats are heard.
    pub(crate) fn since(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.since.load(Ordering::Relaxed))
    }

    /// Before a round of upkeep, of which one comes every `every`: if rounds were missed, hearing begins
    /// anew.
    pub(crate) fn before_round(&self, now: Timestamp, every: Duration) {
        let last = Timestamp::from_unix_micros(self.last_round.load(Ordering::Relaxed));
        if now.since(last) > every * 2 {
            self.since.store(now.unix_micros(), Ordering::Relaxed);
        }
    }

    /// After a round that went through.
    pub(crate) fn after_round(&self, now: Timestamp) {
        self.last_round.store(now.unix_micros(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_begins_it_anew() {
        let at = |seconds: i64| Timestamp::from_unix_micros(seconds * 1_000_000);
        let every = Duration::from_secs(30);
        let hearing = Hearing::from(at(0));
        for seconds in [30, 60, 119] {
            hearing.before_round(at(seconds), every);
            assert_eq!(hearing.since(), at(0), "{seconds}");
            hearing.after_round(at(seconds));
        }
        // Rounds that do not go through do not count.
        hearing.before_round(at(150), every);
        hearing.before_round(at(180), every);
        assert_eq!(hearing.since(), at(180));
        hearing.after_round(at(180));
        hearing.before_round(at(210), every);
        assert_eq!(hearing.since(), at(180));
    }
}
