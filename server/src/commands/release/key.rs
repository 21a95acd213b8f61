//! `release key`: the key that signs files of releases (ADR 23). It is a file of the vendor, which the server does not need.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{
    Signature, SignatureError, Signer, SigningKey,
    hazmat::{ExpandedSecretKey, raw_sign_byupdate},
    pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding},
};
use latchkey_licensing::hex;
use latchkey_service::Entropy;
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::sums::read;
use crate::{
    adapters::OsEntropy,
    console,
    files::read_text,
    startup::{Failure, is_exposed},
};

/// The longest key file that is read, in bytes.
const LIMIT: u64 = 16 * 1024;

/// The algorithm of a minisign signature of a file's hash, and of a public key.
const HASHED: [u8; 2] = *b"ED";
const PUBLIC: [u8; 2] = *b"Ed";

/// The vendor's key for files.
pub(super) struct ReleaseKey(SigningKey);

impl ReleaseKey {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let cannot = |why: std::io::Error| Failure::Usage(format!("the key {shown} cannot be read: {why}"));
        let about = fs::metadata(path).map_err(cannot)?;
        if !about.is_file() || about.len() > LIMIT {
            return Err(Failure::Usage(format!("{shown} is not a key")));
        }
        if is_exposed(path).map_err(cannot)? {
            let remedy = format!("run `chmod 600 {shown}`, and replace the key if it may have been read");
            return Err(Failure::Refused(format!("other users can read {shown}: {remedy}")));
        }
        let text = Zeroizing::new(read_text(path, LIMIT).map_err(cannot)?);
        let key = SigningKey::from_pkcs8_pem(&text).map_err(|_| {
            Failure::Usage(format!("{shown} is not an Ed25519 key in PEM: `latchkey release key FILE` creates one"))
        })?;
        Ok(Self(key))
    }

    fn create(path: &Path) -> Result<Self, Failure> {
        let mut seed = Zeroizing::new([0; 32]);
        OsEntropy.fill(seed.as_mut_slice()).map_err(|error| Failure::Refused(error.to_string()))?;
        let key = SigningKey::from_bytes(&seed);
        let text = key.to_pkcs8_pem(LineEnding::LF);
        let text = text.map_err(|error| Failure::Refused(format!("the key cannot be written as PEM: {error}")))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let cannot = |why: std::io::Error| Failure::Refused(format!("{} cannot be written: {why}", path.display()));
        // Only its owner can read it, and it never replaces another.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
        file.persist_noclobber(path).map_err(|error| cannot(error.error))?;
        Ok(Self(key))
    }

    /// The signature of a file, which is read three times: twice to sign it, and once to check that it did not change meanwhile.
    pub(super) fn signature(&self, file: &File) -> Result<Signature, SignatureError> {
        let secret = ExpandedSecretKey::from(self.0.as_bytes());
        let public = self.0.verifying_key();
        let hash = |hasher: &mut Sha512| {
            read(file, |part| hasher.update(part)).map_err(|error| SignatureError::from_source(Box::new(error)))
        };
        let signature = raw_sign_byupdate::<Sha512, _>(&secret, hash, &public)?;
        let mut verifier = public.verify_stream(&signature)?;
        read(file, |part| verifier.update(part)).map_err(|error| SignatureError::from_source(Box::new(error)))?;
        verifier.finalize_and_verify()?;
        Ok(signature)
    }

    /// The content of a minisign signature file for a file with this BLAKE2b hash
    /// (<https://jedisct1.github.io/minisign/#signature-format>).
    pub(super) fn minisign(&self, hash: &[u8; 64], name: &str, timestamp: u64) -> String {
        let signature = self.0.sign(hash).to_bytes();
        let comment = format!("timestamp:{timestamp}\tfile:{name}\thashed");
        let all = self.0.sign(&[&signature, comment.as_bytes()].concat()).to_bytes();
        let signature = STANDARD.encode([HASHED.as_slice(), &self.id(), &signature].concat());
        let all = STANDARD.encode(all);
        format!("untrusted comment: signature of {name}\n{signature}\ntrusted comment: {comment}\n{all}\n")
    }

    /// By which minisign recognizes the key.
    fn id(&self) -> [u8; 8] {
        let hash: [u8; 32] = Sha256::digest(self.public()).into();
        hash.first_chunk().copied().unwrap_or_default()
    }

    fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The content of minisign's file with the public key.
    fn minisign_public(&self) -> String {
        let id = self.id();
        let key = STANDARD.encode([PUBLIC.as_slice(), &id, &self.public()].concat());
        format!("untrusted comment: minisign public key {:016X}\n{key}\n", u64::from_le_bytes(id))
    }
}

pub(super) fn key(path: &Path, as_json: bool) -> Result<(), Failure> {
    let is_new = matches!(fs::symlink_metadata(path), Err(error) if error.kind() == ErrorKind::NotFound);
    let key = if is_new { ReleaseKey::create(path)? } else { ReleaseKey::read(path)? };
    let (sparkle, hex) = (STANDARD.encode(key.public()), hex::encode(&key.public()));
    let minisign = key.minisign_public();
    let tauri = STANDARD.encode(&minisign);
    if as_json {
        let file = path.display().to_string();
        console::json(&json!({
            "file": file, "created": is_new, "hex": hex, "sparkle": sparkle, "tauri": tauri, "minisign": minisign,
        }));
        return Ok(());
    }
    if is_new {
        console::line(&format!("The key is in {}. Keep it, and keep it secret:", path.display()));
        console::line("apps accept updates that it signed, and no others. This server does not need it.\n");
    }
    console::line(&format!("Sparkle (SUPublicEDKey), NetSparkle and WinSparkle:\n{sparkle}\n"));
    console::line(&format!("Tauri (plugins.updater.pubkey):\n{tauri}\n"));
    console::line(&format!("minisign:\n{}\n", minisign.trim_end()));
    console::line(&format!("As hexadecimal digits:\n{hex}"));
    Ok(())
}
