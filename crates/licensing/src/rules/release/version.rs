//! Versions and channels, and what makes a release an update.

use std::{cmp::Ordering, fmt, str::FromStr};

use crate::rules::policy::words;

/// The longest version, in bytes.
pub const MAX_VERSION_LENGTH: usize = 60;

/// A version of a product (Semantic Versioning 2.0.0), such as `1.4.0` or `2.0.0-beta.1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(semver::Version);

/// The text is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version: use one such as 1.4.0 or 2.0.0-beta.1")]
pub struct InvalidVersion;

impl Version {
    /// The version as apps report it: a `v` in front, missing numbers at the end and spaces around it are accepted.
    pub fn of_app(text: &str) -> Result<Self, InvalidVersion> {
        if text.len() > MAX_VERSION_LENGTH {
            return Err(InvalidVersion);
        }
        let text = text.trim_matches(|letter: char| letter.is_ascii_whitespace());
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let end = text.find(['-', '+']).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let missing = 2_usize.saturating_sub(numbers.matches('.').count());
        // The limit is for what the app sent, without the numbers that are added.
        Self::read(&format!("{numbers}{}{rest}", ".0".repeat(missing)))
    }

    fn read(text: &str) -> Result<Self, InvalidVersion> {
        let version = semver::Version::parse(text).map_err(|_| InvalidVersion)?;
        // Clients read the numbers as 32 bits.
        let fits = [version.major, version.minor, version.patch].iter().all(|number| u32::try_from(*number).is_ok());
        if fits { Ok(Self(version)) } else { Err(InvalidVersion) }
    }

    /// The first three numbers.
    pub fn numbers(&self) -> [u64; 3] {
        [self.0.major, self.0.minor, self.0.patch]
    }

    /// What follows the hyphen, such as `beta.1`. `None` for a release.
    pub fn pre_release(&self) -> Option<&str> {
        Some(self.0.pre.as_str()).filter(|text| !text.is_empty())
    }

    /// What follows the plus sign. It does not make a version newer.
    pub fn build(&self) -> Option<&str> {
        Some(self.0.build.as_str()).filter(|text| !text.is_empty())
    }

    /// Which of two versions is newer.
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        if text.len() <= MAX_VERSION_LENGTH { Self::read(text) } else { Err(InvalidVersion) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which versions an app accepts, such as `1.4`, `^1.4` or `>=1.4, <3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint(semver::VersionReq);

/// The text is not a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a constraint: use one such as 1.4 or >=1.4, <3")]
pub struct InvalidConstraint;

impl FromStr for Constraint {
    type Err = InvalidConstraint;

    fn from_str(text: &str) -> Result<Self, InvalidConstraint> {
        if text.len() > MAX_VERSION_LENGTH {
            return Err(InvalidConstraint);
        }
        semver::VersionReq::parse(text).map(Self).map_err(|_| InvalidConstraint)
    }
}

impl Constraint {
    /// Whether a version fulfills it. The channel decides about pre-releases, so they are compared by their numbers.
    pub fn allows(&self, version: &Version) -> bool {
        let [major, minor, patch] = version.numbers();
        self.0.matches(&version.0) || self.0.matches(&semver::Version::new(major, minor, patch))
    }
}

words! {
    /// Whom a release is for. An app on a channel also gets the releases of all channels that are more stable.
    Channel {
        /// Everyone.
        Stable = "stable",
        /// Candidates for a release.
        Rc = "rc",
        /// Testers.
        Beta = "beta",
        /// Early testers.
        Alpha = "alpha",
        /// The developers.
        Dev = "dev",
    }
}

impl Channel {
    /// The channel that a version's pre-release names: `beta` for `2.0.0-beta.1`. Other pre-releases are for developers.
    pub fn of(version: &Version) -> Self {
        let Some(pre) = version.pre_release() else {
            return Self::Stable;
        };
        let name: String = pre.chars().take_while(char::is_ascii_alphabetic).collect();
        match name.to_ascii_lowercase().as_str() {
            "rc" => Self::Rc,
            "beta" => Self::Beta,
            "alpha" => Self::Alpha,
            _ => Self::Dev,
        }
    }

    /// Whether an app on this channel gets releases of `other`.
    pub fn gets(self, other: Self) -> bool {
        let place = |channel| Self::ALL.iter().position(|known| *known == channel);
        place(other) <= place(self)
    }
}

/// What an app that asks for an update wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The app's channel.
    pub channel: Channel,
    /// The versions that the app accepts. `None` accepts all.
    pub constraint: Option<&'a Constraint>,
    /// The version that the app has. `None` for the newest, whatever the app has.
    pub newer_than: Option<&'a Version>,
}

impl Wanted<'_> {
    /// Whether a release is one of those that the app wants.
    pub fn fits(&self, version: &Version, channel: Channel) -> bool {
        self.channel.gets(channel)
            && self.constraint.is_none_or(|constraint| constraint.allows(version))
            && self.newer_than.is_none_or(|current| version.cmp_precedence(current) == Ordering::Greater)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn versions_are_semantic() {
        for text in ["0.0.1", "1.4.0", "2.0.0-beta.1", "1.2.3+build.7", "4294967295.0.0"] {
            assert_eq!(version(text).to_string(), text);
        }
        let long = format!("1.0.0-{}", "a".repeat(MAX_VERSION_LENGTH));
        for text in
            ["", "1", "1.4", "v1.4.0", "1.4.0.0", "1.04.0", "1.4.0-", "1.4.0-ä", "../1.0.0", "4294967296.0.0", &long]
        {
            assert_eq!(text.parse::<Version>(), Err(InvalidVersion), "{text}");
        }
    }

    #[test]
    fn apps_may_report_short_versions() {
        for (text, full) in [
            ("1.4.0", "1.4.0"),
            ("v1.4.0", "1.4.0"),
            ("1.4", "1.4.0"),
            ("v2", "2.0.0"),
            ("2-beta.1", "2.0.0-beta.1"),
            (" 1.4+7 ", "1.4.0+7"),
        ] {
            assert_eq!(Version::of_app(text), Ok(version(full)), "{text}");
        }
        for text in ["", "v", "latest", "1.x", "1.4.0.0", "1.-1.0", "1.4.0/../2", "1.4.0\n2"] {
            assert_eq!(Version::of_app(text), Err(InvalidVersion), "{text}");
        }
        let long = |length| format!("1-{}", "a".repeat(length - 2));
        assert!(Version::of_app(&long(MAX_VERSION_LENGTH)).is_ok(), "the numbers that are added do not count");
        assert_eq!(Version::of_app(&long(MAX_VERSION_LENGTH + 1)), Err(InvalidVersion));
    }

    #[test]
    fn pre_releases_come_before_their_release() {
        let order = ["1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0"];
        for pair in order.windows(2) {
            assert_eq!(version(pair[0]).cmp_precedence(&version(pair[1])), Ordering::Less, "{pair:?}");
        }
        assert_eq!(version("1.0.0+a").cmp_precedence(&version("1.0.0+b")), Ordering::Equal);
    }

    #[test]
    fn channels_follow_from_pre_releases() {
        for (text, channel) in [
            ("1.0.0", Channel::Stable),
            ("1.0.0+rc", Channel::Stable),
            ("1.0.0-rc.1", Channel::Rc),
            ("1.0.0-RC1", Channel::Rc),
            ("1.0.0-beta", Channel::Beta),
            ("1.0.0-alpha.3", Channel::Alpha),
            ("1.0.0-dev.20261130", Channel::Dev),
            ("1.0.0-nightly", Channel::Dev),
            ("1.0.0-7", Channel::Dev),
        ] {
            assert_eq!(Channel::of(&version(text)), channel, "{text}");
        }
    }

    #[test]
    fn a_channel_gets_what_more_stable_ones_get() {
        for (at, channel) in Channel::ALL.iter().enumerate() {
            for (other_at, other) in Channel::ALL.iter().enumerate() {
                assert_eq!(channel.gets(*other), other_at <= at, "{channel:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_update_is_newer_and_on_the_channel_and_allowed() {
        let (current, one) = (version("1.4.0"), "1".parse::<Constraint>().expect("a constraint"));
        let stable = Wanted { channel: Channel::Stable, constraint: None, newer_than: Some(&current) };
        let beta = Wanted { channel: Channel::Beta, ..stable };
        let pinned = Wanted { constraint: Some(&one), ..beta };
        for (text, by_stable, by_beta, by_pinned) in [
            ("1.3.9", false, false, false),
            ("1.4.0", false, false, false),
            ("1.4.0+2", false, false, false),
            ("1.4.0-beta.1", false, false, false),
            ("1.4.1", true, true, true),
            ("1.5.0-beta.1", false, true, true),
            ("1.5.0-alpha.1", false, false, false),
            ("2.0.0-beta.1", false, true, false),
            ("2.0.0", true, true, false),
        ] {
            let version = version(text);
            let channel = Channel::of(&version);
            let found = [stable, beta, pinned].map(|wanted| wanted.fits(&version, channel));
            assert_eq!(found, [by_stable, by_beta, by_pinned], "{text}");
        }
        let any = Wanted { newer_than: None, ..stable };
        assert!(any.fits(&version("0.1.0"), Channel::Stable));
    }

    #[test]
    fn constraints_are_checked() {
        for (text, allowed, refused) in [
            ("1.4", "1.9.0", "2.0.0"),
            (">=1.4, <3", "2.9.9", "3.0.0"),
            ("~1.4.2", "1.4.9", "1.5.0"),
            ("*", "9.0.0", ""),
        ] {
            let constraint: Constraint = text.parse().expect("a constraint");
            assert!(constraint.allows(&version(allowed)), "{text} {allowed}");
            assert!(refused.is_empty() || !constraint.allows(&version(refused)), "{text} {refused}");
        }
        let long = format!("{}>=1", ">=1, ".repeat(20));
        for text in ["", "latest", "1.0.0.0", "~> 1.4", "<", &long] {
            assert_eq!(text.parse::<Constraint>(), Err(InvalidConstraint), "{text}");
        }
    }
}
