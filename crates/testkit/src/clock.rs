//! A clock that only moves when a test moves it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use latchkey_licensing::time::Timestamp;
use latchkey_service::Clock;

#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    /// 23 November 2026, noon UTC.
    fn default() -> Self {
        Self(AtomicI64::new(1_795_435_200_000_000))
    }
}

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("a duration of a test"), Ordering::SeqCst);
    }

    pub fn set_back(&self, by: Duration) {
        self.0.fetch_sub(i64::try_from(by.as_micros()).expect("a duration of a test"), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}
