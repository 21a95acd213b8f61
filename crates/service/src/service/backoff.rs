//! How long to wait before something that failed is tried again.

use std::time::Duration;

/// The pause before the next attempt: 5 s, 15 s, 45 s and so on, up to an hour. The first ones are short because
/// sign-in mails expire after 10 minutes.
pub(crate) fn backoff(attempts: u32) -> Duration {
    let factor = 3u32.saturating_pow(attempts.saturating_sub(1));
    Duration::from_secs(5).saturating_mul(factor).min(Duration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 8, 90].iter().map(|n| backoff(*n).as_secs()).collect();
        assert_eq!(seconds, [5, 15, 45, 3600, 3600]);
    }
}
