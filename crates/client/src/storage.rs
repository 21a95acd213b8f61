//! Where an app keeps its record: a file, memory, or whatever the app has (a registry, a keychain).

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Keeps one text between starts of the app.
pub trait Storage {
    /// The text that was kept, if there is one.
    fn load(&self) -> io::Result<Option<String>>;

    /// Keeps a text instead of the one before. After an error the one before must still be there.
    fn save(&mut self, text: &str) -> io::Result<()>;
}

/// A file, readable by its owner alone, replaced as a whole.
#[derive(Clone, Debug)]
pub struct FileStorage {
    path: PathBuf,
}

impl FileStorage {
    /// Keeps the text in this file; its folder is made when first needed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Storage for FileStorage {
    fn load(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // No text at all: as unreadable as any other damaged record, and no reason never to start again.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(String::new())),
            Err(error) => Err(error),
        }
    }

    fn save(&mut self, text: &str) -> io::Result<()> {
        use std::io::Write;
        // Two windows of the app may save at once, so each writes a file of its own.
        static SAVES: AtomicU32 = AtomicU32::new(0);
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        // Written beside and renamed, so that a power cut leaves the old text or the new one.
        let number = SAVES.fetch_add(1, Ordering::Relaxed);
        let beside = self.path.with_extension(format!("new-{}-{number}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)
    }
}

/// Memory: for tests, and for apps that ask again at every start.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Option<String>);

impl Storage for MemoryStorage {
    fn load(&self) -> io::Result<Option<String>> {
        Ok(self.0.clone())
    }

    fn save(&mut self, text: &str) -> io::Result<()> {
        self.0 = Some(text.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_private_and_replaced_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut storage = FileStorage::new(folder.path().join("deep/license.json"));
        assert_eq!(storage.load().expect("read"), None);
        for text in ["one", "two"] {
            storage.save(text).expect("saved");
            assert_eq!(storage.load().expect("read").as_deref(), Some(text));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(storage.path()).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(storage.path(), [0xff, 0xfe]).expect("damaged");
        assert_eq!(storage.load().expect("read").as_deref(), Some(""));
        let entries = fs::read_dir(folder.path().join("deep")).expect("a folder").count();
        assert_eq!(entries, 1, "nothing is left beside it");
    }
}
