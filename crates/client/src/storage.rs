//! Where an app stores its record: a file, memory, or its own storage, such as a registry or keychain.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Stores one text between runs of the app.
pub trait Storage {
    /// Loads the stored text. `None` if nothing has been stored.
    fn load(&self) -> io::Result<Option<String>>;

    /// Stores a text in place of the previous one. If this fails, the previous text must be preserved.
    fn save(&mut self, text: &str) -> io::Result<()>;
}

/// A file that only its owner can read (on Unix) and that is replaced atomically.
#[derive(Clone, Debug)]
pub struct FileStorage {
    path: PathBuf,
}

impl FileStorage {
    /// Stores the text in this file. Its folder is created on the first save.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Storage for FileStorage {
    fn load(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // Not UTF-8: treated like any other damaged record, so that the app can still start.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(String::new())),
            Err(error) => Err(error),
        }
    }

    fn save(&mut self, text: &str) -> io::Result<()> {
        use std::io::Write;
        // Two instances of the app may save at the same time, so each writes its own temporary file.
        static SAVES: AtomicU32 = AtomicU32::new(0);
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        // The file is written under another name and renamed, so that a power failure leaves the old text or
        // the new one.
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

/// Memory, for tests and for apps that activate on every start.
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
    fn a_file_is_private_and_replaced_atomically() {
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
