//! The files of a content folder, and those that are compiled in.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use latchkey_app::releases::{BUILDS, BuildPath};
use rust_embed::Embed;
use serde::de::DeserializeOwned;

use super::ContentError;

/// The largest file, in bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

#[derive(Embed)]
#[folder = "../content/"]
#[include = "site.toml"]
#[include = "releases.toml"]
#[include = "legal/*"]
#[include = "media/*"]
#[include = "docs/customers/*"]
struct CompiledIn;

/// Where content is read from.
#[derive(Clone, Debug)]
pub(crate) enum ContentFiles {
    CompiledIn,
    Folder(PathBuf),
}

pub(crate) fn compiled_in() -> ContentFiles {
    ContentFiles::CompiledIn
}

impl ContentFiles {
    /// Fails if there is no such folder.
    pub(crate) fn folder(path: &Path) -> Result<Self, ContentError> {
        let refuse = |why| ContentError::Folder { folder: path.display().to_string(), why };
        let about = path.metadata().map_err(refuse)?;
        if about.is_dir() { Ok(Self::Folder(path.to_owned())) } else { Err(refuse(ErrorKind::NotADirectory.into())) }
    }

    /// The file's name in errors.
    pub(super) fn shown(&self, name: &str) -> String {
        match self {
            Self::CompiledIn => name.to_owned(),
            Self::Folder(folder) => folder.join(name).display().to_string(),
        }
    }

    /// A file's bytes. `None` if there is no such file, or if the name leads out of the folder.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Cow<'static, [u8]>>, ContentError> {
        let is_inside = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':']);
        if !name.split('/').all(is_inside) {
            return Ok(None);
        }
        match self {
            Self::CompiledIn => Ok(CompiledIn::get(name).map(|file| file.data)),
            Self::Folder(folder) => {
                let refuse = |why| ContentError::Read { file: self.shown(name), why };
                let file = match File::open(folder.join(name)) {
                    Ok(file) => file,
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(refuse(error)),
                };
                let mut bytes = Vec::new();
                file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(refuse)?;
                if bytes.len() as u64 > LIMIT {
                    return Err(ContentError::TooLarge { file: self.shown(name), limit: LIMIT });
                }
                Ok(Some(bytes.into()))
            }
        }
    }

    /// Says what is wrong with a file that the server is to send.
    pub(super) fn check_build(&self, path: &BuildPath, size: u64) -> Result<(), String> {
        let Self::Folder(folder) = self else {
            return Err(format!("there is no file {path}: files can only be sent from a content folder"));
        };
        let missing = |_| format!("there is no file {path}");
        let found = folder.join(path.as_str()).canonicalize().map_err(missing)?;
        let root = folder.join(BUILDS).canonicalize().map_err(missing)?;
        if !found.starts_with(root) {
            return Err(format!("{path} is a link that leads out of the folder builds"));
        }
        let about = found.metadata().map_err(missing)?;
        if !about.is_file() {
            return Err(format!("{path} is not a file"));
        }
        if about.len() != size {
            return Err(format!("{path} has {} bytes, but {size} are listed", about.len()));
        }
        Ok(())
    }

    /// The names of the files below a folder, in folders of folders too. Only a content folder is searched.
    pub(super) fn list(&self, under: &str) -> Result<Vec<String>, ContentError> {
        let Self::Folder(folder) = self else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(inner) = folders.pop() {
            let refuse = |why| ContentError::Read { file: self.shown(under), why };
            let entries = match fs::read_dir(folder.join(under).join(&inner)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(refuse(error)),
            };
            for entry in entries {
                let entry = entry.map_err(refuse)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let name = if inner.is_empty() { name } else { format!("{inner}/{name}") };
                let is_folder = entry.file_type().map_err(refuse)?.is_dir();
                if is_folder { folders.push(name) } else { found.push(name) }
            }
        }
        found.sort();
        Ok(found)
    }

    pub(super) fn text(&self, name: &str) -> Result<String, ContentError> {
        let bytes = self
            .find(name)?
            .ok_or_else(|| ContentError::Read { file: self.shown(name), why: ErrorKind::NotFound.into() })?;
        String::from_utf8(bytes.into_owned()).map_err(|_| ContentError::NotText { file: self.shown(name) })
    }

    pub(super) fn toml<T: DeserializeOwned>(&self, name: &str, text: &str) -> Result<T, ContentError> {
        toml::from_str(text).map_err(|why| ContentError::Toml { file: self.shown(name), why: Box::new(why) })
    }
}

/// All compiled-in files, by name.
pub(crate) fn all_compiled_in() -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)> {
    CompiledIn::iter().filter_map(|name| {
        let file = CompiledIn::get(&name)?;
        Some((name, file.data))
    })
}
