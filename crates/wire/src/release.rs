//! Releases and their files, and what updaters read.

use serde::Serialize;
use serde_json::{Map, Value};

/// A release's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseAttributes {
    /// The name for display.
    pub name: String,
    /// What changed, in Markdown.
    pub description: String,
    /// The version, which is also the id.
    pub version: String,
    /// The parts of the version.
    pub semver: Semver,
    /// `stable`, `rc`, `beta`, `alpha` or `dev`.
    pub channel: &'static str,
    /// Always `PUBLISHED`.
    pub status: &'static str,
    /// Always null.
    pub tag: Option<String>,
    /// Always empty.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// The day of the release, RFC 3339.
    pub created: String,
    /// The same as `created`.
    pub updated: String,
    /// Always null.
    pub yanked: Option<String>,
}

/// The parts of a version.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Semver {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
    /// What follows the hyphen, such as `beta.1`.
    pub prerelease: Option<String>,
    /// What follows the plus sign.
    pub build: Option<String>,
}

/// The attributes of a file of a release.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactAttributes {
    /// The file's name, which is also the id.
    pub filename: String,
    /// The name's extension, such as `exe`.
    pub filetype: Option<String>,
    /// The size in bytes.
    pub filesize: u64,
    /// `windows`, `darwin`, `linux` or `any`.
    pub platform: &'static str,
    /// `amd64`, `arm64`, `386`, `arm` or `universal`.
    pub arch: Option<&'static str>,
    /// The Ed25519 signature of the file by the vendor's release key, in base64.
    pub signature: Option<String>,
    /// The SHA-512 checksum in base64 without padding, as clients of this protocol expect.
    pub checksum: Option<String>,
    /// Always `UPLOADED`.
    pub status: &'static str,
    /// `sha256`, in hexadecimal.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// The day of the release, RFC 3339.
    pub created: String,
    /// The same as `created`.
    pub updated: String,
    /// Always null.
    pub yanked: Option<String>,
}

/// An update for the updater of Tauri.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TauriUpdate {
    /// The version.
    pub version: String,
    /// What changed.
    pub notes: String,
    /// The day of the release, RFC 3339.
    pub pub_date: String,
    /// Where the file is.
    pub url: String,
    /// The file's minisign signature, in base64.
    pub signature: String,
}

/// The packages that Velopack may choose from.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "PascalCase")]
pub struct VelopackFeed {
    /// The packages, the newest first.
    pub assets: Vec<VelopackAsset>,
}

/// A package of Velopack.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "PascalCase")]
pub struct VelopackAsset {
    /// The id with which the package was made.
    pub package_id: String,
    /// The version.
    pub version: String,
    /// `Full` or `Delta`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// The file's name, which is relative to the feed.
    pub file_name: String,
    /// The SHA-1 checksum in hexadecimal, which old clients check. Empty if it is not known.
    #[serde(rename = "SHA1")]
    pub sha1: String,
    /// The SHA-256 checksum in hexadecimal.
    #[serde(rename = "SHA256")]
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
    /// What changed, in Markdown.
    pub notes_markdown: String,
    /// What changed, in HTML.
    pub notes_html: String,
}
