//! The identity of an instance: its data folder and its master secret.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use latchkey_licensing::hex;
use latchkey_service::{Entropy, vault::MASTER_SECRET_BYTES};
use zeroize::Zeroizing;

use crate::settings::{Settings, read_secret};

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
    /// The system has no randomness.
    #[error(transparent)]
    Entropy(#[from] latchkey_service::ports::EntropyUnavailable),
}

pub(super) struct Instance {
    /// The secret from which all keys for encrypting stored data are derived.
    pub master_secret: Zeroizing<[u8; MASTER_SECRET_BYTES]>,
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
    /// Reads the secrets. In an empty data folder they are created.
    pub(super) fn open(settings: &Settings, entropy: &dyn Entropy) -> Result<Self, InstanceError> {
        let folder = &settings.data_dir;
        make_folder(folder)?;
        let secrets = &settings.secrets;
        let master_secret = match secrets.master_secret.expose().and_then(read_secret) {
            Some(secret) => secret,
            None => secret_file(folder, "master.secret", entropy)?,
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

fn secret_file(folder: &Path, name: &str, entropy: &dyn Entropy) -> Result<Zeroizing<[u8; 32]>, InstanceError> {
    let path = folder.join(name);
    let broken = |why| InstanceError::DataFolder { path: path.clone(), why };
    if path.exists() {
        return secret_from(path);
    }
    let mut fresh = Zeroizing::new([0; 32]);
    entropy.fill(fresh.as_mut_slice())?;
    let text = Zeroizing::new(format!("{}\n", hex::encode(fresh.as_slice())));
    // Written to a temporary file and renamed only if the target does not exist: of two processes that start
    // concurrently, one reads what the other wrote, and neither reads half a secret.
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(broken)?;
    temporary.write_all(text.as_bytes()).and_then(|()| temporary.as_file().sync_all()).map_err(broken)?;
    match temporary.persist_noclobber(&path) {
        Ok(_) => Ok(fresh),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => secret_from(path),
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
        let first = Instance::open(&settings, &OsEntropy).expect("made");
        let path = settings.data_dir.join("master.secret");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Instance::open(&settings, &OsEntropy).expect("read");
        assert_eq!(*first.master_secret, *again.master_secret);
        restrict(&path, 0o644).expect("changed");
        assert!(matches!(Instance::open(&settings, &OsEntropy), Err(InstanceError::Exposed(_))));
        assert_eq!(format!("{first:?}"), "Instance(..)");
    }

    /// LC-09: a signing key in a file is adopted only if the file is private.
    #[cfg(unix)]
    #[test]
    fn lc_09_an_old_key_file_is_read_while_it_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(folder.path());
        assert!(Instance::open(&settings, &OsEntropy).expect("made").given_signing_key.is_none());
        let path = settings.data_dir.join("signing.key");
        fs::write(&path, "ab".repeat(32)).expect("written");
        restrict(&path, 0o644).expect("changed");
        assert!(matches!(Instance::open(&settings, &OsEntropy), Err(InstanceError::Exposed(_))));
        restrict(&path, 0o600).expect("changed");
        let given = Instance::open(&settings, &OsEntropy).expect("read").given_signing_key;
        assert_eq!(given.map(|seed| *seed), Some([0xab; 32]));
    }

    #[test]
    fn damaged_secrets_are_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(folder.path());
        Instance::open(&settings, &OsEntropy).expect("made");
        let path = settings.data_dir.join("master.secret");
        fs::write(&path, "junk").expect("written");
        assert!(matches!(Instance::open(&settings, &OsEntropy), Err(InstanceError::Damaged(_))));
        assert_eq!(fs::read_to_string(&path).expect("read"), "junk");
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("data"), "x").expect("written");
        let error = Instance::open(&settings(folder.path()), &OsEntropy).expect_err("refused");
        assert!(error.to_string().contains("LATCHKEY__DATA_DIR"), "{error}");
    }
}
