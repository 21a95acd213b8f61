//! Section `content`: the vendor's own texts.

use std::path::PathBuf;

use latchkey_app::releases::Library as ReleaseLibrary;
use serde::{Deserialize, Serialize};

use super::{
    SettingsError,
    field::{Field, field},
};
use crate::content::{self, ContentError, ContentFiles, documentation::Library};

pub(super) const FIELDS: &[Field] = &[field(
    "content.folder",
    "A folder with the texts of the site and the help pages: site.toml, releases.toml, legal/, docs/, and builds/ with files to download. `latchkey content export` writes one to start from.",
)];

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    pub folder: Option<PathBuf>,
}

impl Content {
    /// The content for a brand, if there is any.
    pub(crate) fn read(&self, brand: &str) -> Result<Option<content::Content>, SettingsError> {
        content::Content::read(self.folder.as_deref(), brand).map_err(|error| SettingsError(error.to_string()))
    }

    /// The releases, which do not need other content.
    pub(crate) fn library(&self, brand: &str) -> Result<ReleaseLibrary, SettingsError> {
        content::library(self.folder.as_deref(), brand).map_err(|error| SettingsError(error.to_string()))
    }

    /// The documentation, with the folder's pages. `portal` and `admin` are the origins of the portals, if they are not the
    /// origin of the pages.
    pub(crate) fn read_docs(&self, portal: &str, admin: &str) -> Result<Library, SettingsError> {
        let read = || {
            let folder = self.folder.as_deref().map(ContentFiles::folder).transpose()?;
            Library::read(folder.as_ref(), portal, admin)
        };
        read().map_err(|error: ContentError| SettingsError(error.to_string()))
    }

    pub(super) fn check(&self, brand: &str) -> Result<(), SettingsError> {
        // The compiled-in content is checked by tests.
        if self.folder.is_none() {
            return Ok(());
        }
        self.read(brand)?;
        self.library(brand)?;
        self.read_docs("", "").map(drop)
    }
}
