//! Durations as people write them.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration as people write it: a whole number followed by `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

const UNITS: [(&str, u64); 4] = [("d", 24 * 60 * 60), ("h", 60 * 60), ("m", 60), ("s", 1)];

/// The longest duration in a catalog file: a thousand years.
const MAX_SECONDS: u64 = 365_250 * 24 * 60 * 60;

impl HumanDuration {
    /// Parses a duration. `None` if the text is not one, or if it is zero or longer than a thousand years.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
        let digits = text.strip_suffix(unit.0)?;
        let number: u64 = digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
        let seconds = number.checked_mul(unit.1).filter(|seconds| (1..=MAX_SECONDS).contains(seconds))?;
        Some(Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, length) = UNITS.iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(&("s", 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not a duration: write a number and d, h, m or s, such as 30d"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back() {
        for (text, seconds) in [("30d", 2_592_000), ("12h", 43_200), ("90s", 90), ("10m", 600), ("365d", 31_536_000)] {
            let duration = HumanDuration::parse(text).expect("a duration");
            assert_eq!((duration.0.as_secs(), duration.to_string().as_str()), (seconds, text));
        }
        assert_eq!(HumanDuration::parse("24h").map(|duration| duration.to_string()).as_deref(), Some("1d"));
        for bad in ["", "d", "0d", "-1d", "1.5d", "30", "30 d", "1y", "99999999999999d", "+1d"] {
            assert_eq!(HumanDuration::parse(bad), None, "{bad}");
        }
    }
}
