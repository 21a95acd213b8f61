//! Reading files that the person names: no more of them than a file of that kind can have.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// The longest text that a person writes, such as a catalog, a list of releases or their notes.
pub(crate) const WRITTEN_BYTES: u64 = 4 * 1024 * 1024;

/// Reads a text of at most `limit` bytes. A longer one is an error, and at most one byte more of it is read.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {} KiB", limit / 1024)));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn long_files_are_not_read_to_the_end() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&[b'x'; 4096]).expect("written");
        assert_eq!(read_text(file.path(), 4096).expect("read").len(), 4096);
        // Sparse, so that only the size is large.
        file.as_file().set_len(3 * 1024 * 1024 * 1024).expect("grown");
        let error = read_text(file.path(), 4096).expect_err("refused");
        assert!(error.to_string().contains("longer than 4 KiB"), "{error}");
        file.as_file().set_len(1).expect("shrunk");
        file.write_all(&[0xff]).expect("written");
        assert!(read_text(file.path(), 8192).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn endless_files_are_refused() {
        assert!(read_text(Path::new("/dev/zero"), 4096).is_err());
    }
}
