//! A content folder with releases and their files.

use std::{fmt::Write, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256, Sha512};
use tempfile::TempDir;

/// A content folder with releases.
pub(crate) struct Shelf {
    pub(crate) folder: TempDir,
    pub(crate) list: String,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("builds")).expect("a folder");
        Self { folder, list: String::new() }
    }

    /// Starts a release. `more` are other lines.
    pub(crate) fn release(&mut self, version: &str, date: &str, more: &str) -> &mut Self {
        let _ = write!(
            self.list,
            "[[releases]]\nversion = \"{version}\"\ndate = \"{date}\"\nnotes = \"\"\"\n- New in **{version}** & more\n\"\"\"\n{more}\n"
        );
        self
    }

    /// Adds a file to the last release. `more` are other lines.
    pub(crate) fn file(&mut self, name: &str, platform: &str, content: &[u8], more: &str) -> &mut Self {
        fs::write(self.path(name), content).expect("written");
        let (sha256, sha512) = (hex(&Sha256::digest(content)), STANDARD.encode(Sha512::digest(content)));
        let _ = write!(
            self.list,
            "[[releases.files]]\nplatform = \"{platform}\"\nfile = \"builds/{name}\"\nsize = {}\nsha256 = \"{sha256}\"\nsha512 = \"{sha512}\"\n{more}\n",
            content.len()
        );
        self
    }

    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("builds").join(name)
    }

    /// Writes `releases.toml`.
    pub(crate) fn write(&self) {
        fs::write(self.folder.path().join("releases.toml"), &self.list).expect("written");
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
