//! What the name of a build's file says, as build tools write it: `Acme-Draw_1.4.0_x64-setup.exe`.

use super::{Arch, Platform, Version};

/// The platform that a file name says or that its extension implies.
pub fn guess_platform(name: &str) -> Option<Platform> {
    let lower = name.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if let Some(named) = words(&lower).find_map(|word| word.parse().ok()).filter(|named| *named != Platform::Any) {
        return Some(named);
    }
    if ends(&[".exe", ".msi", ".msix"]) {
        Some(Platform::Windows)
    } else if ends(&[".dmg", ".pkg", ".app.tar.gz", ".app.zip"]) {
        Some(Platform::MacOs)
    } else if ends(&[".appimage", ".appimage.tar.gz", ".deb", ".rpm", ".snap", ".flatpak"]) {
        Some(Platform::Linux)
    } else {
        None
    }
}

/// The processor that a file name says.
pub fn guess_arch(name: &str) -> Option<Arch> {
    let lower = name.to_ascii_lowercase();
    if lower.contains("x86_64") {
        return Some(Arch::X64);
    }
    // A single number, such as 386, may belong to a version.
    words(&lower).filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).find_map(|word| word.parse().ok())
}

/// The version that a file name contains, with its pre-release.
pub fn guess_version(name: &str) -> Option<Version> {
    let mut starts = name.char_indices().filter(|(at, letter)| {
        letter.is_ascii_digit()
            && !name
                .get(..*at)
                .and_then(|before| before.chars().next_back())
                .is_some_and(|before| before.is_ascii_digit() || before == '.')
    });
    starts.find_map(|(at, _)| version_at(name.get(at..)?))
}

/// The version with which a text begins.
fn version_at(text: &str) -> Option<Version> {
    let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
    let numbers = text.split(|letter| !is_number(letter)).next()?;
    let mut parts = numbers.trim_end_matches('.').split('.');
    let core: Vec<&str> = parts.by_ref().take(3).collect();
    if core.len() < 3 || parts.next().is_some() {
        return None;
    }
    let core = core.join(".");
    let rest = text.get(core.len()..)?;
    let pre = rest.strip_prefix('-').and_then(pre_release);
    pre.and_then(|pre| format!("{core}-{pre}").parse().ok()).or_else(|| core.parse().ok())
}

/// A pre-release that a text begins with, as releases name theirs: `beta.1`, `rc2`, `alpha`.
fn pre_release(text: &str) -> Option<String> {
    let name = ["alpha", "beta", "rc", "dev", "nightly"].into_iter().find(|name| text.starts_with(name))?;
    let rest = text.get(name.len()..)?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let (dot, number) = match rest.strip_prefix('.') {
        Some(rest) if rest.starts_with(|letter: char| letter.is_ascii_digit()) => (".", digits(rest)),
        _ => ("", digits(rest)),
    };
    Some(format!("{name}{dot}{number}"))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_build_tools_are_read() {
        for (name, version, platform, arch) in [
            ("acme-draw-2.0.0.tar.gz", Some("2.0.0"), None, None),
            ("Acme-Draw_1.4.0_x64-setup.exe", Some("1.4.0"), Some(Platform::Windows), Some(Arch::X64)),
            ("Acme-Draw-1.4.0-beta.2-arm64-mac.zip", Some("1.4.0-beta.2"), Some(Platform::MacOs), Some(Arch::Arm64)),
            ("Acme-Draw-1.4.0-universal.dmg", Some("1.4.0"), Some(Platform::MacOs), Some(Arch::Universal)),
            ("acme-draw_1.4.0_amd64.deb", Some("1.4.0"), Some(Platform::Linux), Some(Arch::X64)),
            ("acme-draw-1.4.0-rc1.x86_64.rpm", Some("1.4.0-rc1"), Some(Platform::Linux), Some(Arch::X64)),
            ("AcmeDraw-1.4.0-full.nupkg", Some("1.4.0"), None, None),
            ("acme_windows_386_1.4.0.zip", Some("1.4.0"), Some(Platform::Windows), None),
            ("acme2-10.0.1.386.zip", None, None, None),
            ("draw.app.tar.gz", None, Some(Platform::MacOs), None),
            ("setup.exe", None, Some(Platform::Windows), None),
            ("acme-1.4.zip", None, None, None),
            ("acme-99999999999.0.0.zip", None, None, None),
            ("", None, None, None),
            ("ä1.2.3é", Some("1.2.3"), None, None),
        ] {
            assert_eq!(guess_version(name).map(|version| version.to_string()).as_deref(), version, "{name}");
            assert_eq!((guess_platform(name), guess_arch(name)), (platform, arch), "{name}");
        }
    }
}
