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

    /// Accepts the names that updaters and build tools use, in either case.
    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        match text.to_ascii_lowercase().as_str() {
            "windows" | "win" | "win32" | "win64" => Ok(Self::Windows),
            "macos" | "mac" | "darwin" | "osx" => Ok(Self::MacOs),
            "linux" => Ok(Self::Linux),
            "any" => Ok(Self::Any),
            _ => Err(InvalidPlatform),
        }
    }
}

impl Arch {
    /// Whether a build for this processor runs on `asked`. A universal build runs on both processors of Macs.
    pub fn runs_on(self, asked: Self) -> bool {
        self == asked || self == Self::Universal && matches!(asked, Self::X64 | Self::Arm64)
    }
}

impl FromStr for Arch {
    type Err = InvalidArch;

    /// Accepts the names that updaters and build tools use, in either case.
    fn from_str(text: &str) -> Result<Self, InvalidArch> {
        match text.to_ascii_lowercase().as_str() {
            "x64" | "x86_64" | "amd64" => Ok(Self::X64),
            "arm64" | "aarch64" => Ok(Self::Arm64),
            "x86" | "i686" | "i386" | "386" | "ia32" => Ok(Self::X86),
            "armv7" | "armv7l" | "armhf" | "arm" => Ok(Self::Armv7),
            "universal" => Ok(Self::Universal),
            _ => Err(InvalidArch),
        }
    }
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
