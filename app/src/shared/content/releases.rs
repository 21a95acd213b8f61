//! The releases of the vendor's products: the types of `releases.toml`.
//!
//! Values are checked as they are read, so that an error names the line.

use std::{num::NonZeroU64, path::PathBuf, sync::Arc};

use latchkey_licensing::{
    release::{Arch, Channel, Platform, Version, Wanted},
    time::Timestamp,
};
use serde::{Deserialize, Deserializer};

use crate::shared::content::{Markdown, checked_text};

/// The folder in the content folder with the files that the server sends, with a slash.
pub const BUILDS: &str = "builds/";

/// The path of public files, without a slash at its end.
pub const PUBLIC_FILES: &str = "/downloads/public";

/// `releases.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseList {
    #[serde(default)]
    pub releases: Vec<Release>,
}

/// A version of a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    #[serde(deserialize_with = "parsed")]
    pub version: Version,
    pub date: ReleaseDate,
    /// Whom the release is for. By default, for everyone.
    #[serde(default = "stable")]
    pub channel: Channel,
    /// The code of the product in the catalog. By default, the release is of all products.
    pub product: Option<String>,
    /// What changed.
    pub notes: Markdown,
    #[serde(default, rename = "files")]
    pub builds: Vec<Build>,
}

/// A file that installs or updates a version.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "FileEntry")]
pub struct Build {
    pub platform: Platform,
    pub arch: Option<Arch>,
    pub name: FileName,
    pub place: Place,
    /// In bytes.
    pub size: u64,
    pub sha256: Sha256Hex,
    /// For Electron's updater.
    pub sha512: Option<Sha512Base64>,
    /// For old clients of Velopack.
    pub sha1: Option<Sha1Hex>,
    /// The signature of the file by the release key, for Sparkle, NetSparkle and Keygen's clients.
    pub signature: Option<Ed25519Base64>,
    /// The content of the signature file that Tauri's updater checks.
    pub minisign: Option<Minisign>,
    /// Whether anyone may have the file, without a license.
    pub is_public: bool,
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Link(WebAddress),
    /// A path in the content folder, which begins with [`BUILDS`].
    Folder(BuildPath),
}

/// A file as it is written in `releases.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    #[serde(deserialize_with = "parsed")]
    platform: Platform,
    #[serde(default, deserialize_with = "parsed_if_there")]
    arch: Option<Arch>,
    name: Option<FileName>,
    url: Option<WebAddress>,
    file: Option<BuildPath>,
    size: NonZeroU64,
    sha256: Sha256Hex,
    sha512: Option<Sha512Base64>,
    sha1: Option<Sha1Hex>,
    signature: Option<Ed25519Base64>,
    minisign: Option<Minisign>,
    #[serde(default)]
    public: bool,
}

impl TryFrom<FileEntry> for Build {
    type Error = String;

    fn try_from(entry: FileEntry) -> Result<Self, String> {
        let place = match (entry.url, entry.file) {
            (Some(url), None) => Place::Link(url),
            (None, Some(path)) => Place::Folder(path),
            _ => {
                return Err("a file has either `url`, a link, or `file`, a path that begins with builds/".to_owned());
            }
        };
        let name = match entry.name {
            Some(name) => name,
            None => place.file_name()?,
        };
        Ok(Self {
            platform: entry.platform,
            arch: entry.arch,
            name,
            place,
            size: entry.size.get(),
            sha256: entry.sha256,
            sha512: entry.sha512,
            sha1: entry.sha1,
            signature: entry.signature,
            minisign: entry.minisign,
            is_public: entry.public,
        })
    }
}

impl Place {
    /// The end of the link or path.
    fn file_name(&self) -> Result<FileName, String> {
        let text = match self {
            Self::Link(url) => url.as_str().split(['?', '#']).next().unwrap_or_default(),
            Self::Folder(path) => path.as_str(),
        };
        let name = text.rsplit('/').next().unwrap_or_default();
        FileName::try_from(name.to_owned()).map_err(|why| format!("{why}, or give the file another `name`"))
    }
}

impl Build {
    /// Whether the file's name ends with one of these extensions.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        let name = self.name.as_str().to_ascii_lowercase();
        extensions.iter().any(|extension| name.ends_with(extension))
    }

    /// Whether the build is for this platform and processor, as far as they are given.
    pub fn runs_on(&self, platform: Option<Platform>, arch: Option<Arch>) -> bool {
        platform.is_none_or(|platform| self.platform.runs_on(platform))
            && arch.is_none_or(|asked| self.arch.is_none_or(|own| own.runs_on(asked)))
    }

    /// The size for people, such as `12.4 MB`.
    pub fn size_in_words(&self) -> String {
        size_in_words(self.size)
    }

    /// Where anyone may download it. `release` is the release's path.
    pub(crate) fn public_href(&self, release: &str) -> Option<String> {
        let href = match &self.place {
            Place::Link(url) => url.to_string(),
            Place::Folder(_) => format!("{release}/{}", self.name),
        };
        self.is_public.then_some(href)
    }

    /// What the build runs on, for people: `Windows x64`.
    pub fn system(&self) -> String {
        let platform = self.platform.name();
        self.arch.map_or_else(|| platform.to_owned(), |arch| format!("{platform} {}", arch.as_str()))
    }
}

/// The channel as a badge. `None` if the release is for everyone.
pub(crate) fn channel_badge(channel: Channel) -> Option<&'static str> {
    (channel != Channel::Stable).then(|| channel.as_str())
}

/// A size for people, such as `12.4 MB`.
pub(crate) fn size_in_words(size: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal place is shown")]
    let size_in = |unit: u64| size as f64 / unit as f64;
    match size {
        0..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", size_in(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size_in(1_000_000)),
        _ => format!("{:.1} GB", size_in(1_000_000_000)),
    }
}

/// A value with a form that its type checks.
fn parsed<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|why| serde::de::Error::custom(format!("`{text}` is {why}")))
}

fn parsed_if_there<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    parsed(deserializer).map(Some)
}

fn stable() -> Channel {
    Channel::Stable
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is 64 bytes in base64.
fn is_64_bytes(text: &str) -> bool {
    text.len() == 88 && is_base64(text) && text.ends_with("==") && !text.trim_end_matches("==").contains('=')
}

/// Whether a text is a name that all systems accept and that needs no escaping in links.
fn is_file_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    !text.is_empty() && text.len() <= 150 && !text.starts_with('.') && text.bytes().all(is_letter)
}

/// "untrusted comment:" in base64, with which the content of a signature file begins.
const MINISIGN_START: &str = "dW50cnVzdGVkIGNvbW1lbnQ6";

checked_text! {
    /// The name under which a file is saved.
    FileName: is_file_name, "is not a file name: use letters, digits, dots, hyphens and underscores";

    /// The path of a file in the content folder.
    BuildPath: |text| text.len() <= 300 && text.strip_prefix(BUILDS).is_some_and(|rest| rest.split('/').all(is_file_name)),
        "is not a file in the folder builds: use a path such as builds/setup.exe";

    /// A link to a file.
    WebAddress: |text| text.strip_prefix("https://").is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    }), "is not a link: use one such as https://example.com/setup.exe";

    /// A SHA-256 checksum in hexadecimal.
    Sha256Hex: |text| is_hex(text, 64), "is not a SHA-256 checksum: it has 64 hexadecimal digits";

    /// A SHA-1 checksum in hexadecimal.
    Sha1Hex: |text| is_hex(text, 40), "is not a SHA-1 checksum: it has 40 hexadecimal digits";

    /// A SHA-512 checksum in base64.
    Sha512Base64: is_64_bytes, "is not a SHA-512 checksum in base64: it has 88 letters";

    /// An Ed25519 signature in base64.
    Ed25519Base64: is_64_bytes, "is not an Ed25519 signature in base64: it has 88 letters";

    /// The content of a minisign signature file, in base64.
    Minisign: |text| text.len() <= 2_000 && text.starts_with(MINISIGN_START) && is_base64(text),
        "is not a signature of minisign in base64: `latchkey release add` and Tauri's signer make one";
}

/// The day of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ReleaseDate(Timestamp);

impl TryFrom<String> for ReleaseDate {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let day = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"));
        day.map(Self).ok_or("a date is year, month and day, such as 2026-11-30")
    }
}

impl ReleaseDate {
    /// The beginning of the day in UTC.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// `2026-11-30`.
    pub fn iso(self) -> String {
        self.0.rfc3339().chars().take(10).collect()
    }
}

/// All releases of this instance, and the folder with their files.
#[derive(Clone, Debug, Default)]
pub struct Library {
    releases: Arc<[Release]>,
    /// The content folder.
    pub folder: Option<Arc<PathBuf>>,
}

impl Library {
    /// Sorts releases by version.
    pub fn new(mut releases: Vec<Release>, folder: Option<PathBuf>) -> Self {
        releases.sort_by(|one, other| other.version.cmp_precedence(&one.version).then(other.date.cmp(&one.date)));
        Self { releases: releases.into(), folder: folder.map(Arc::new) }
    }

    /// Whether no release has a file.
    pub fn is_empty(&self) -> bool {
        self.releases.iter().all(|release| release.builds.is_empty())
    }

    /// The releases of a product, the newest version first. Without a product, all.
    pub fn of_product(&self, code: Option<&str>) -> impl Iterator<Item = &Release> {
        self.releases.iter().filter(move |release| release.is_of(code))
    }

    /// The release of a product with this version.
    pub fn find(&self, version: &Version, product: Option<&str>) -> Option<&Release> {
        self.of_product(product).find(|release| release.version == *version)
    }

    /// The file with this name of a version. There is only one.
    pub fn build(&self, version: &Version, name: &str) -> Option<(&Release, &Build)> {
        let named = |release: &'_ Release| release.builds.iter().position(|build| build.name.as_str() == name);
        let of_version = self.releases.iter().filter(|release| release.version == *version);
        of_version.into_iter().find_map(|release| Some((release, release.builds.get(named(release)?)?)))
    }
}

impl Release {
    /// Whether it is a release of this product.
    pub fn is_of(&self, product: Option<&str>) -> bool {
        match (&self.product, product) {
            (Some(own), Some(asked)) => own == asked,
            (None, _) | (_, None) => true,
        }
    }

    /// Where its public files are.
    pub(crate) fn path(&self) -> String {
        format!("{PUBLIC_FILES}/{}", self.version)
    }

    /// Whether it is one that an app wants.
    pub fn fits(&self, wanted: &Wanted<'_>) -> bool {
        wanted.fits(&self.version, self.channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        for path in ["builds/a.exe", "builds/2.0.0/acme_draw-2.0.0+1.tar.gz"] {
            assert!(BuildPath::try_from(path.to_owned()).is_ok(), "{path}");
        }
        for path in [
            "a.exe",
            "builds/",
            "builds//a",
            "builds/../site.toml",
            "builds/./a",
            "/etc/passwd",
            "builds/.hidden",
            "builds\\a",
            "builds/a b",
            "builds/C:",
            "media/a.exe",
            "builds/a\0",
        ] {
            assert!(BuildPath::try_from(path.to_owned()).is_err(), "{path}");
        }
        for name in ["", ".", "..", "a/b", "a b", "ä.exe", "a\"b", "a\nb"] {
            assert!(FileName::try_from(name.to_owned()).is_err(), "{name}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (size, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (12_400, "12.4 kB"),
            (12_400_000, "12.4 MB"),
            (3_000_000_000, "3.0 GB"),
        ] {
            assert_eq!(size_in_words(size), text);
        }
    }

    #[test]
    fn signatures_and_checksums_have_their_lengths() {
        let sixty_four = format!("{}==", "A".repeat(86));
        assert!(Ed25519Base64::try_from(sixty_four.clone()).is_ok());
        let (short, long) = (format!("{}==", "A".repeat(82)), format!("{}==", "A".repeat(90)));
        for text in [
            sixty_four.replace("AA==", "A==="),
            "A".repeat(88),
            format!("{}==", "*".repeat(86)),
            String::new(),
            short,
            long,
        ] {
            assert!(
                Ed25519Base64::try_from(text.clone()).is_err() && Sha512Base64::try_from(text.clone()).is_err(),
                "{text}"
            );
        }
        assert!(Sha1Hex::try_from("a".repeat(40)).is_ok() && Sha1Hex::try_from("g".repeat(40)).is_err());
        assert!(Minisign::try_from(format!("{MINISIGN_START}AAAA")).is_ok());
        assert!(Minisign::try_from("dW50".to_owned()).is_err());
    }
}
