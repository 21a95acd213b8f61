//! The checksums of a file, computed while it is read once.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use blake2::{Blake2b512, Digest as _};
use latchkey_licensing::hex;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;

pub(super) struct Sums {
    /// In bytes.
    pub(super) size: u64,
    /// In hexadecimal.
    pub(super) sha256: String,
    /// In base64.
    pub(super) sha512: String,
    /// In hexadecimal.
    pub(super) sha1: String,
    /// What minisign signs.
    pub(super) blake2b: [u8; 64],
}

impl Sums {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let (mut sha256, mut sha512, mut sha1) = (Sha256::new(), Sha512::new(), Sha1::new());
        let mut blake2b = Blake2b512::new();
        let mut size = 0;
        read(file, |part| {
            size += part.len() as u64;
            sha256.update(part);
            sha512.update(part);
            sha1.update(part);
            blake2b.update(part);
        })?;
        Ok(Self {
            size,
            sha256: hex::encode(&sha256.finalize()),
            sha512: STANDARD.encode(sha512.finalize()),
            sha1: hex::encode(&sha1.finalize()),
            blake2b: blake2b.finalize().into(),
        })
    }
}

/// Reads a file from its beginning, part by part.
pub(super) fn read(mut file: &File, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    file.rewind()?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => each(buffer.get(..count).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn checksums_are_those_of_other_programs() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"abc").expect("written");
        let sums = Sums::of(&file).expect("read");
        assert_eq!(sums.size, 3);
        assert_eq!(sums.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sums.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        let sha512 = "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
        assert_eq!(sums.sha512, sha512);
        // RFC 7693, appendix A.
        assert_eq!(sums.blake2b.first_chunk(), Some(&[0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d]));
    }
}
