//! The database's file. If it is deleted or replaced while it is open, SQLite goes on with the file that it has opened, and what
//! it writes there is lost when the process ends.

use std::{
    fs::{File, Metadata, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    error::{Result, StoreError},
    store::STARTUP_TIMEOUT,
};

/// How often a lock that another process holds is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// The file at the path of the database.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    path: PathBuf,
    /// Which file it was when it was opened.
    opened: OnceLock<Identity>,
}

impl DatabaseFile {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), opened: OnceLock::new() }
    }

    /// Notes which file has been opened.
    pub(crate) fn note_opened(&self) -> io::Result<()> {
        let identity = identity(&std::fs::metadata(&self.path)?);
        self.opened.get_or_init(|| identity);
        Ok(())
    }

    /// Whether the file that was opened is still at its path. Looking takes a few microseconds.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(opened) = self.opened.get() else { return Ok(()) };
        let why = match std::fs::metadata(&self.path) {
            Ok(found) if identity(&found) == *opened => return Ok(()),
            Ok(_) => "was replaced by another file: restart the server to use that one, or put the first one back",
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                "is gone: put it back, or restore a backup and restart the server"
            }
            Err(_) => "cannot be reached: make its folder readable again",
        };
        Err(StoreError::FileGone { path: self.path.display().to_string(), why })
    }
}

/// What distinguishes a file from others.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
type Identity = Option<std::time::SystemTime>;

#[cfg(not(unix))]
fn identity(file: &Metadata) -> Identity {
    file.created().ok()
}

/// A lock on the file beside the database. It ends when this is dropped, or with the process.
#[derive(Debug)]
pub(crate) struct LockFile {
    _file: File,
}

impl LockFile {
    /// Waits until no other process starts with this database. `None` if its folder cannot contain a lock: then either the
    /// database cannot be opened, or it exists already.
    pub(crate) async fn take(database: &Path) -> Result<Option<Self>> {
        let Some(name) = database.file_name() else { return Ok(None) };
        let mut lock = name.to_owned();
        lock.push(".lock");
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let Ok(file) = options.open(database.with_file_name(lock)) else { return Ok(None) };
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => tokio::time::sleep(RETRY).await,
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
                // Some network file systems have no locks.
                Err(TryLockError::Error(_)) => return Ok(None),
            }
        }
    }
}
