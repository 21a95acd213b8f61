//! Instants as the server stores them: whole microseconds since the Unix epoch, UTC.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// An instant in UTC with microsecond resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant at this many microseconds since the Unix epoch.
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch. Instants before the epoch give 0.
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

    /// The time elapsed since `earlier`. Zero if `earlier` is in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, as used in JSON:API documents.
    pub fn rfc3339(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    /// The format of the `Date` header (RFC 9110, section 5.6.7).
    pub fn http_date(self) -> String {
        self.format("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// Date and time for display, in UTC and to the minute: `3 May 2026, 14:05 UTC`.
    pub fn human(self) -> String {
        self.format("%-d %B %Y, %H:%M UTC")
    }

    /// The date for display, in UTC: `3 May 2026`.
    pub fn human_date(self) -> String {
        self.format("%-d %B %Y")
    }

    /// Parses RFC 3339 with any offset, with a capital `T` and `Z`, without leap seconds and with at most
    /// nine fractional digits. This is the subset that parsers in other languages also accept. `None` for
    /// any other text.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        // The parser called below accepts other forms of ISO 8601 as well.
        let (local, rest) = text.split_at_checked(19)?;
        let has_form = local.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        let is_leap_second = local.as_bytes().get(17) >= Some(&b'6');
        let zone = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(is_digit));
        let is_zone = match zone.as_bytes() {
            [b'Z'] => true,
            [b'+' | b'-', h, hh, b':', m, mm] => [h, hh, m, mm].into_iter().all(u8::is_ascii_digit),
            _ => false,
        };
        if !has_form || is_leap_second || !is_zone {
            return None;
        }
        let instant: jiff::Timestamp = text.parse().ok()?;
        Some(Self(instant.as_microsecond()))
    }

    /// Parses when something ends: a time in RFC 3339, or a date such as `2027-01-31`, which lasts through its day (UTC).
    /// `None` for any other text.
    pub fn parse_end(text: &str) -> Option<Self> {
        Self::parse_at(text, "T23:59:59Z")
    }

    /// Parses when something begins: a time in RFC 3339, or a date, which begins with its day (UTC). `None` for any
    /// other text.
    pub fn parse_start(text: &str) -> Option<Self> {
        Self::parse_at(text, "T00:00:00Z")
    }

    fn parse_at(text: &str, time_of_day: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() == 10 { Self::parse_rfc3339(&format!("{text}{time_of_day}")) } else { Self::parse_rfc3339(text) }
    }

    /// Parses a `Date` header in the form that senders must use (RFC 9110, section 5.6.7). `None` for any
    /// other text.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let since_epoch = httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let instant = Self(micros(since_epoch));
        // The parser also accepts the two obsolete forms, and dates such as 31 June.
        (instant.http_date() == text).then_some(instant)
    }

    fn format(self, pattern: &str) -> String {
        // Values outside jiff's range (years -9999 to 9999) are clamped.
        let instant = jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        instant.strftime(pattern).to_string()
    }
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let at = Timestamp::parse_rfc3339("2021-06-09T16:08:15.25Z").expect("valid");
        assert_eq!(at.rfc3339(), "2021-06-09T16:08:15.250Z");
        assert_eq!(at.http_date(), "Wed, 09 Jun 2021 16:08:15 GMT");
        assert_eq!(
            Timestamp::parse_http_date(&at.http_date()).map(Timestamp::rfc3339).as_deref(),
            Some("2021-06-09T16:08:15.000Z")
        );
        for other in [
            "yesterday",
            "",
            "Wed, 09 Jun 2021 16:08:15 +0000",
            "Wed, 09 Jun 2021 16:08:15 EST",
            "9 Jun 2021 16:08:15 GMT",
            "Wed, 9 Jun 2021 16:08:15 GMT",
            "Wed, 09 Jun 2021 16:08:15 GMT (noon)",
            "Wed, 09 Jun 2021 16:08 GMT",
            "Wed, 31 Jun 2021 16:08:15 GMT",
            "Thu, 09 Jun 2021 16:08:15 GMT",
            "Wednesday, 09-Jun-21 16:08:15 GMT",
            "Wed Jun  9 16:08:15 2021",
        ] {
            assert_eq!(Timestamp::parse_http_date(other), None, "{other}");
        }
        assert_eq!(at.human(), "9 June 2021, 16:08 UTC");
        assert_eq!(Timestamp::from_unix_micros(i64::MAX).human_date(), "30 December 9999");
    }

    #[test]
    fn only_rfc_3339_is_accepted() {
        let noon = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z");
        assert!(noon.is_some());
        for same in ["2026-11-23T13:00:00+01:00", "2026-11-23T06:30:00.000000000-05:30"] {
            assert_eq!(Timestamp::parse_rfc3339(same), noon, "{same}");
        }
        for other in [
            "",
            "2026-11-23",
            "2026-11-23T12:00",
            "2026-11-23T12:00Z",
            "2026-11-23T12:00:00",
            "2026-11-23t12:00:00z",
            "2026-11-23 12:00:00Z",
            "20261123T120000Z",
            "2026-11-23T12:00:60Z",
            "2026-11-23T12:00:00.Z",
            "2026-11-23T12:00:00,5Z",
            "2026-11-23T12:00:00.0000000000Z",
            "2026-11-23T12:00:00+01",
            "2026-11-23T12:00:00+0100",
            "2026-11-23T12:00:00+01:00:30",
            "2026-11-23T12:00:00+99:99",
            "2026-11-23T12:00:00Z[UTC]",
            "2026-11-23T12:00:00ZZ",
            "2026-02-30T12:00:00Z",
            "2026-11-23T24:00:00Z",
            "２026-11-23T12:00:00Z",
            "2026-11-23T12:00€Z",
            "2026-11-23T12:00:0é0Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(other), None, "{other}");
        }
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
