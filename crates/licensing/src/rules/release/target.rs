//! What a build runs on.

use std::str::FromStr;

use crate::rules::policy::words;

words! {
    /// An operating system.
    Platform {
        /// Windows.
        Windows = "windows",
        /// macOS.
        MacOs = "macos",
        /// Linux.
        Linux = "linux",
        /// Any: the build does not depend on it.
        Any = "any",
    }

    /// A processor.
    Arch {
        /// 64 bits, of Intel and AMD.
        X64 = "x64",
        /// 64 bits, of ARM.
        Arm64 = "arm64",
        /// 32 bits, of Intel and AMD.
        X86 = "x86",
        /// 32 bits, of ARM.
        Armv7 = "armv7",
        /// Several in one build, as on macOS.
        Universal = "universal",
    }
}

/// The text names no operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a platform: use windows, macos, linux or any")]
pub struct InvalidPlatform;

/// The text names no processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a processor: use x64, arm64, x86, armv7 or universal")]
pub struct InvalidArch;

impl Platform {
    /// The names that updaters and build tools use.
    pub const NAMES: &[(&str, Self)] = &[
        ("windows", Self::Windows),
        ("win", Self::Windows),
        ("win32", Self::Windows),
        ("win64", Self::Windows),
        ("macos", Self::MacOs),
        ("mac", Self::MacOs),
        ("darwin", Self::MacOs),
        ("osx", Self::MacOs),
        ("linux", Self::Linux),
        ("any", Self::Any),
    ];

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
            Self::Linux => "Linux",
            Self::Any => "All systems",
        }
    }

    /// Whether a build for this platform runs on `asked`.
    pub fn runs_on(self, asked: Self) -> bool {
        self == asked || self == Self::Any || asked == Self::Any
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    /// Accepts [`Self::NAMES`] in either case.
    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        named(Self::NAMES, text).ok_or(InvalidPlatform)
    }
}

impl Arch {
    /// The names that updaters and build tools use.
    pub const NAMES: &[(&str, Self)] = &[
        ("x64", Self::X64),
        ("x86_64", Self::X64),
        ("amd64", Self::X64),
        ("arm64", Self::Arm64),
        ("aarch64", Self::Arm64),
        ("x86", Self::X86),
        ("i686", Self::X86),
        ("i386", Self::X86),
        ("386", Self::X86),
        ("ia32", Self::X86),
        ("armv7", Self::Armv7),
        ("armv7l", Self::Armv7),
        ("armhf", Self::Armv7),
        ("arm", Self::Armv7),
        ("universal", Self::Universal),
    ];

    /// Whether a build for this processor runs on `asked`. A universal build runs on both processors of Macs.
    pub fn runs_on(self, asked: Self) -> bool {
        self == asked || self == Self::Universal && matches!(asked, Self::X64 | Self::Arm64)
    }
}

impl FromStr for Arch {
    type Err = InvalidArch;

    /// Accepts [`Self::NAMES`] in either case.
    fn from_str(text: &str) -> Result<Self, InvalidArch> {
        named(Self::NAMES, text).ok_or(InvalidArch)
    }
}

fn named<T: Copy>(names: &[(&str, T)], text: &str) -> Option<T> {
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tools_are_understood() {
        for (text, platform) in [
            ("Windows", Platform::Windows),
            ("win32", Platform::Windows),
            ("darwin", Platform::MacOs),
            ("macOS", Platform::MacOs),
            ("LINUX", Platform::Linux),
            ("any", Platform::Any),
        ] {
            assert_eq!(text.parse(), Ok(platform), "{text}");
        }
        for (text, arch) in [
            ("x86_64", Arch::X64),
            ("AMD64", Arch::X64),
            ("aarch64", Arch::Arm64),
            ("ia32", Arch::X86),
            ("armv7l", Arch::Armv7),
            ("universal", Arch::Universal),
        ] {
            assert_eq!(text.parse(), Ok(arch), "{text}");
        }
        for text in ["", "beos", "windows ", "sparc", "x64/../"] {
            assert!(text.parse::<Platform>().is_err() && text.parse::<Arch>().is_err(), "{text}");
        }
        for platform in Platform::ALL {
            assert_eq!(platform.as_str().parse(), Ok(*platform));
        }
        for arch in Arch::ALL {
            assert_eq!(arch.as_str().parse(), Ok(*arch));
        }
    }

    #[test]
    fn builds_run_where_they_were_made_for() {
        assert!(Platform::Linux.runs_on(Platform::Linux) && !Platform::Linux.runs_on(Platform::Windows));
        assert!(Platform::Any.runs_on(Platform::Windows) && Platform::MacOs.runs_on(Platform::Any));
        assert!(Arch::Universal.runs_on(Arch::Arm64) && Arch::Universal.runs_on(Arch::X64));
        assert!(!Arch::Universal.runs_on(Arch::X86) && !Arch::X64.runs_on(Arch::Arm64));
        assert!(!Arch::X64.runs_on(Arch::Universal));
    }
}
