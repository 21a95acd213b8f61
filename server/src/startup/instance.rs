//! The identity of an instance: its data folder and its master secret.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use latchkey_licensing::hex;
use latchkey_service::{Entropy, vault::MASTER_SECRET_BYTES};
use zeroize::Zeroizing;

use crate::settings::{Settings, is_guessable, read_secret};

/// Why an instance cannot start, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstanceError {
    /// The data folder cannot be created or written.
    #[error(
        "the data folder {path} cannot be used: {why}. Make it writable, or set LATCHKEY__DATA_DIR to a writable folder"
    )]
    DataFolder { path: PathBuf, why: std::io::Error },
    /// Other users of this computer can read a secret.
    #[error("other users can read {0}: run `chmod 600 {0}`, and replace the secret if it may have been read")]
    Exposed(PathBuf),
    /// A secret's file does not contain a secret.
    #[error(
        "{0} does not contain 64 hex digits: restore it from a backup, because the data it protects cannot be read without it"
    )]
    Damaged(PathBuf),
    /// The master secret's file is missing beside a database that was created with one.
    #[error(
        "{0} is missing, and another master secret cannot read this database: restore the file from a backup, or set \
         LATCHKEY__SECRETS__MASTER_SECRET. Nothing was written"
    )]
    SecretMissing(PathBuf),
    /// A secret is a pattern.
    #[error("{0} contains a pattern that anybody can guess, and it protects all keys: start anew with an empty folder")]
    Guessable(PathBuf),
    /// The system has no randomness.
    #[error(transparent)]
    Entropy(#[from] latchkey_service::ports::EntropyUnavailable),
}

pub(super) struct Instance {
    /// The secret from which all keys for encrypting stored data are derived. `None` if there is none yet.
    pub master_secret: Option<Zeroizing<[u8; MASTER_SECRET_BYTES]>>,
    /// A signing key from the settings, or from the file in which earlier versions stored it. A database
    /// without keys adopts it.
    pub given_signing_key: Option<Zeroizing<[u8; 32]>>,
    /// The file in which an earlier version stored the signing key unencrypted, if it exists.
    pub old_key_file: Option<PathBuf>,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Instance(..)")
    }
}

impl Instance {
    /// Reads the secrets. Nothing is written, except that the data folder is created if something is kept in it.
    pub(super) fn read(settings: &Settings) -> Result<Self, InstanceError> {
        let folder = &settings.data_dir;
        let secrets = &settings.secrets;
        let given = secrets.master_secret.expose().and_then(read_secret);
        // With another database and a given secret, the folder may be read-only, or missing.
        if settings.database.url.expose().is_none() || given.is_none() {
            make_folder(folder)?;
        }
        let path = secret_path(settings);
        let master_secret = match given {
            Some(secret) => Some(secret),
            None if path.exists() => Some(master_secret_from(path)?),
            None => None,
        };
        let old_key_file = Some(folder.join("signing.key")).filter(|path| path.exists());
        let given_signing_key = match (secrets.signing_key.expose().and_then(read_secret), &old_key_file) {
            (Some(seed), _) => Some(seed),
            (None, Some(path)) => Some(secret_from(path.clone())?),
            (None, None) => None,
        };
        Ok(Self { master_secret, given_signing_key, old_key_file })
    }
}

/// Creates the master secret of a new database.
pub(super) fn create_secret(
    settings: &Settings,
    entropy: &dyn Entropy,
) -> Result<Zeroizing<[u8; MASTER_SECRET_BYTES]>, InstanceError> {
    secret_file(&settings.data_dir, &secret_path(settings), entropy)
}

/// The file with the master secret, if it is not given.
pub(super) fn secret_path(settings: &Settings) -> PathBuf {
    settings.data_dir.join("master.secret")
}

fn make_folder(folder: &Path) -> Result<(), InstanceError> {
    let broken = |why| InstanceError::DataFolder { path: folder.to_owned(), why };
    if !folder.exists() {
        fs::create_dir_all(folder).map_err(broken)?;
        restrict(folder, 0o700).map_err(broken)?;
    }
    // Only writing shows whether a folder is writable.
    tempfile::NamedTempFile::new_in(folder).and_then(tempfile::NamedTempFile::close).map_err(broken)
}

fn secret_from(path: PathBuf) -> Result<Zeroizing<[u8; 32]>, InstanceError> {
    let broken = |why| InstanceError::DataFolder { path: path.clone(), why };
    if is_exposed(&path).map_err(broken)? {
        return Err(InstanceError::Exposed(path));
    }
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(broken)?);
    read_secret(&text).ok_or(InstanceError::Damaged(path))
}

fn master_secret_from(path: PathBuf) -> Result<Zeroizing<[u8; MASTER_SECRET_BYTES]>, InstanceError> {
    let secret = secret_from(path.clone())?;
    if is_guessable(&secret) { Err(InstanceError::Guessable(path)) } else { Ok(secret) }
}

fn secret_file(folder: &Path, path: &Path, entropy: &dyn Entropy) -> Result<Zeroizing<[u8; 32]>, InstanceError> {
    let broken = |why| InstanceError::DataFolder { path: path.to_owned(), why };
    let mut fresh = Zeroizing::new([0; 32]);
    entropy.fill(fresh.as_mut_slice())?;
    let text = Zeroizing::new(format!("{}\n", hex::encode(fresh.as_slice())));
    // Written to a temporary file and renamed only if the target does not exist: of two processes that start
    // concurrently, one reads what the other wrote, and neither reads half a secret.
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(broken)?;
    temporary.write_all(text.as_bytes()).and_then(|()| temporary.as_file().sync_all()).map_err(broken)?;
    match temporary.persist_noclobber(path) {
        Ok(_) => Ok(fresh),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => secret_from(path.to_owned()),
        Err(error) => Err(broken(error.error)),
    }
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

/// What is wrong with the data folder, although it can be used.
#[cfg(unix)]
pub(crate) fn folder_warning(settings: &Settings) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(&settings.data_dir).ok()?.permissions().mode();
    let folder = settings.data_dir.display();
    (mode & 0o002 != 0).then(|| {
        format!("all users of this computer can write to the data folder {folder}, and so replace the database: run `chmod 700 {folder}`")
    })
}

#[cfg(not(unix))]
pub(crate) fn folder_warning(_settings: &Settings) -> Option<String> {
    None
}

/// Whether other users can read a file.
#[cfg(unix)]
pub(crate) fn is_exposed(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_exposed(_path: &Path) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::OsEntropy;

    fn settings(folder: &Path) -> Settings {
        Settings { data_dir: folder.join("data"), ..Settings::default() }
    }

    /// LC-09: created with mode 0600, unchanged when read again, refused if others can read it.
    #[cfg(unix)]
    #[test]
    fn lc_09_secrets_are_private_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(folder.path());
        let first = Instance::read(&settings).expect("read");
        let path = settings.data_dir.join("master.secret");
        assert!(
            first.master_secret.is_none() && !path.exists(),
            "nothing is written before the database is known to be new"
        );
        let made = create_secret(&settings, &OsEntropy).expect("made");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Instance::read(&settings).expect("read").master_secret.as_deref(), Some(&*made));
        assert_eq!(*create_secret(&settings, &OsEntropy).expect("read"), *made, "it is never replaced");
        restrict(&path, 0o644).expect("changed");
        assert!(matches!(Instance::read(&settings), Err(InstanceError::Exposed(_))));
        assert_eq!(format!("{first:?}"), "Instance(..)");
    }

    /// LC-09: a signing key in a file is adopted only if the file is private.
    #[cfg(unix)]
    #[test]
    fn lc_09_an_old_key_file_is_read_while_it_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(folder.path());
        assert!(Instance::read(&settings).expect("read").given_signing_key.is_none());
        let path = settings.data_dir.join("signing.key");
        fs::write(&path, "ab".repeat(32)).expect("written");
        restrict(&path, 0o644).expect("changed");
        assert!(matches!(Instance::read(&settings), Err(InstanceError::Exposed(_))));
        restrict(&path, 0o600).expect("changed");
        let given = Instance::read(&settings).expect("read").given_signing_key;
        assert_eq!(given.map(|seed| *seed), Some([0xab; 32]));
    }

    #[test]
    fn damaged_secrets_are_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(folder.path());
        Instance::read(&settings).expect("read");
        create_secret(&settings, &OsEntropy).expect("made");
        let path = settings.data_dir.join("master.secret");
        fs::write(&path, "junk").expect("written");
        assert!(matches!(Instance::read(&settings), Err(InstanceError::Damaged(_))));
        assert_eq!(fs::read_to_string(&path).expect("read"), "junk");
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("data"), "x").expect("written");
        let error = Instance::read(&settings(folder.path())).expect_err("refused");
        assert!(error.to_string().contains("LATCHKEY__DATA_DIR"), "{error}");
    }

    /// With a database and a secret from elsewhere, nothing is kept in the folder, so it need not exist.
    #[test]
    fn the_folder_is_needed_only_if_something_is_kept_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("data"), "x").expect("written");
        let mut settings = settings(folder.path());
        settings.database.url = crate::settings::Secret::new("postgres://latchkey@127.0.0.1/latchkey");
        assert!(Instance::read(&settings).is_err(), "the secret is kept there");
        let secret = "8f1d0a6be7c24359b01e7d4c2f6a9835e4d07b1c5a926f38d3b94e60a7c815f2";
        settings.secrets.master_secret = crate::settings::Secret::new(secret);
        assert!(Instance::read(&settings).expect("read").master_secret.is_some());
    }
}
