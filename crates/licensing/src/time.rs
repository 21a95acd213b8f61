//! Instants as the product stores them: whole microseconds since the Unix epoch, UTC.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant in UTC with microsecond resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// An instant from microseconds since the Unix epoch.
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch; an instant before the epoch counts as the epoch.
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1_000)).unwrap_or(0)
    }

    /// The instant `duration` later, or the last representable one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// The instant `duration` earlier, or the first representable one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long ago `earlier` was; zero if it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, as JSON:API documents carry it.
    pub fn rfc3339(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    /// The `Date` header's form (RFC 9110, section 5.6.7).
    pub fn http_date(self) -> String {
        self.format("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// Date and time for people, in UTC and to the minute: `3 May 2026, 14:05 UTC`.
    pub fn human(self) -> String {
        self.format("%-d %B %Y, %H:%M UTC")
    }

    /// The date for people, in UTC: `3 May 2026`.
    pub fn human_date(self) -> String {
        self.format("%-d %B %Y")
    }

    /// Reads RFC 3339 with any offset, with capital `T` and `Z` and without leap seconds, which not all
    /// readers take. `None` if it is not such a text.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let has_form = text.as_bytes().get(10) == Some(&b'T')
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte))
            && text.get(17..19).is_some_and(|seconds| seconds < "60");
        if !has_form {
            return None;
        }
        let instant: jiff::Timestamp = text.parse().ok()?;
        Some(Self(instant.as_microsecond()))
    }

    /// Reads a `Date` header (RFC 9110, section 5.6.7). `None` if it is not one.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let instant = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(instant.timestamp().as_microsecond()))
    }

    fn format(self, pattern: &str) -> String {
        // Values outside jiff's range (the years -9999 to 9999) are clamped to it.
        let instant = jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        instant.strftime(pattern).to_string()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let at = Timestamp::parse_rfc3339("2021-06-09T16:08:15.25Z").expect("valid");
        assert_eq!(at.rfc3339(), "2021-06-09T16:08:15.250Z");
        assert_eq!(at.http_date(), "Wed, 09 Jun 2021 16:08:15 GMT");
        assert_eq!(
            Timestamp::parse_http_date(&at.http_date()).map(Timestamp::rfc3339).as_deref(),
            Some("2021-06-09T16:08:15.000Z")
        );
        assert_eq!(Timestamp::parse_http_date("yesterday"), None);
        assert_eq!(at.human(), "9 June 2021, 16:08 UTC");
        assert_eq!(Timestamp::from_unix_micros(i64::MAX).human_date(), "30 December 9999");
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_unix_micros(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        let (a, b) = (Timestamp::from_unix_micros(5), Timestamp::from_unix_micros(9));
        assert_eq!(b.since(a), Duration::from_micros(4));
        assert_eq!(a.since(b), Duration::ZERO);
    }
}
