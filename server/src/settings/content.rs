//! Section `content`: the vendor's own texts.

use std::path::PathBuf;

use latchkey_app::releases::Library;
use serde::{Deserialize, Serialize};

use super::{
    SettingsError,
    field::{Field, field},
};
use crate::content;

pub(super) const FIELDS: &[Field] = &[field(
    "content.folder",
    "A folder with the texts of the site: site.toml, releases.toml, legal/, and builds/ with files to download. `latchkey content export` writes one to start from.",
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
    pub(crate) fn library(&self, brand: &str) -> Result<Library, SettingsError> {
        content::library(self.folder.as_deref(), brand).map_err(|error| SettingsError(error.to_string()))
    }

    pub(super) fn check(&self, brand: &str) -> Result<(), SettingsError> {
        // The compiled-in content is checked by tests.
        if self.folder.is_some() {
            self.read(brand)?;
            self.library(brand)?;
        }
        Ok(())
    }
}
