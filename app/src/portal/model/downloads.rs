//! What the pages about builds show.

use serde::{Deserialize, Serialize};

use crate::{portal::model::LicenseSummary, shared::model::RelativeTime};

/// The builds that a license may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadList {
    /// The newest version first.
    pub releases: Vec<DownloadRelease>,
    /// Whether there are earlier versions than these.
    pub has_more: bool,
    /// Why there are no others, if that needs a reason.
    pub notice: Option<String>,
}

/// A version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadRelease {
    pub version: String,
    pub released: RelativeTime,
    /// Whom it is for, if it is not for everyone.
    pub channel: Option<String>,
    pub builds: Vec<DownloadBuild>,
}

/// A file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadBuild {
    /// What it runs on: `Windows x64`.
    pub system: String,
    pub name: String,
    /// `12.4 MB`.
    pub size: String,
    pub sha256: String,
    /// The path that leads to the file.
    pub href: String,
}

/// A license with its builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseDownloads {
    pub license: LicenseSummary,
    pub list: DownloadList,
}
