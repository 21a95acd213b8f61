//! The circuit breaker: while Stripe is not available, calls fail at once instead of making every visitor wait.

use std::time::Duration;

use tokio::time::Instant;

/// How many attempts in a row have to fail.
const THRESHOLD: u32 = 5;

/// How long calls fail at once before one of them tries again.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    blocked_until: Option<Instant>,
}

impl Breaker {
    /// Whether an attempt can be made. After the pause, one attempt is made; the others wait for its result, and for no
    /// longer than another pause, because the caller may have given up.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match self.blocked_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.blocked_until = Some(now + PAUSE);
                true
            }
        }
    }

    pub(super) fn record_success(&mut self) {
        *self = Self::default();
    }

    /// Returns whether calls fail at once from now on, and did not before.
    pub(super) fn record_failure(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= THRESHOLD {
            self.blocked_until = Some(now + PAUSE);
        }
        self.failures == THRESHOLD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_25_calls_fail_at_once_after_five_failures_until_one_succeeds() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        for _ in 0..4 {
            assert!(breaker.admits(start));
            assert!(!breaker.record_failure(start));
        }
        assert!(breaker.admits(start));
        assert!(breaker.record_failure(start));
        assert!(!breaker.admits(start));
        assert!(!breaker.admits(start + PAUSE - Duration::from_millis(1)));
        let later = start + PAUSE;
        assert!(breaker.admits(later), "one attempt");
        assert!(!breaker.admits(later), "only one attempt");
        assert!(!breaker.record_failure(later), "reported once");
        assert!(!breaker.admits(later + PAUSE / 2));
        assert!(breaker.admits(later + PAUSE));
        // The attempt was abandoned, so another one is made.
        assert!(breaker.admits(later + PAUSE * 2));
        breaker.record_success();
        assert!(breaker.admits(later + PAUSE * 2) && breaker.admits(later + PAUSE * 2));
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..20 {
            breaker.record_failure(now);
            breaker.record_failure(now);
            breaker.record_success();
            assert!(breaker.admits(now));
        }
    }
}
