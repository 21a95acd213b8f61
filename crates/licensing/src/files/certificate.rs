//! The format of license and machine files: signed text that survives e-mail and USB sticks.
//!
//! Between the lines `-----BEGIN LICENSE FILE-----` and `-----END LICENSE FILE-----` is the base64 of a
//! JSON envelope `{"enc","sig","alg"}`. `enc` is the dataset in base64, or its AES-256-GCM ciphertext, IV
//! and tag, each in base64, joined by dots. `sig` is an Ed25519 signature of the kind's name, a slash and
//! `enc`. It is verified before anything is decrypted or parsed, and a file of one kind cannot be passed
//! off as the other.
//!
//! The format is closed: two algorithms, three members, canonical base64. CRLF line endings and empty
//! lines at the end are accepted, because mail programs and editors add them. No other deviation is.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    keys::{license_key::LicenseKey, public_key::PublicKey},
    rules::{machine::Fingerprint, policy::words},
};

/// The largest file that is read or written, in bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024;

/// The number of base64 characters on a line of a file written here.
const COLUMNS: usize = 60;

const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

words! {
    /// The kind of a file. The signed text starts with its name.
    FileKind {
        /// Describes a license. It is valid on any machine.
        License = "license",
        /// Describes a license on one machine. It is valid only there.
        Machine = "machine",
    }

    /// How a file is encoded and signed.
    FileAlgorithm {
        /// Signed, and readable by anyone.
        Plain = "base64+ed25519",
        /// Signed and encrypted. See [`FileSecret`].
        Encrypted = "aes-256-gcm+ed25519",
    }
}

impl FileKind {
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::License => "-----BEGIN LICENSE FILE-----",
            Self::Machine => "-----BEGIN MACHINE FILE-----",
        }
    }

    pub(crate) fn end(self) -> &'static str {
        match self {
            Self::License => "-----END LICENSE FILE-----",
            Self::Machine => "-----END MACHINE FILE-----",
        }
    }
}

/// The secret from which the encryption key of a file is derived.
#[derive(Clone)]
pub struct FileSecret(Zeroizing<String>);

impl FileSecret {
    /// The secret of a license file: the license key.
    pub fn of_license(key: &LicenseKey) -> Self {
        Self(Zeroizing::new(key.expose().to_owned()))
    }

    /// The secret of a machine file: the license key followed by the machine's fingerprint.
    pub fn of_machine(key: &LicenseKey, fingerprint: &Fingerprint) -> Self {
        Self(Zeroizing::new(format!("{}{}", key.expose(), fingerprint.as_str())))
    }

    fn cipher(&self) -> Aes256Gcm {
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(Sha256::digest(self.0.as_bytes()).into());
        Aes256Gcm::new((&*key).into())
    }
}

impl std::fmt::Debug for FileSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileSecret(..)")
    }
}

/// How to encode a dataset in a file.
#[derive(Clone, Copy, Debug)]
pub enum FileEncoding<'a> {
    /// Readable by anyone.
    Plain,
    /// Encrypted. The IV must be random and must never be reused with the same secret.
    Encrypted {
        /// The secret that is needed to open the file.
        secret: &'a FileSecret,
        /// The initialization vector, 12 bytes.
        iv: [u8; IV_BYTES],
    },
}

impl FileEncoding<'_> {
    /// The algorithm that this encoding uses.
    pub fn algorithm(&self) -> FileAlgorithm {
        match self {
            Self::Plain => FileAlgorithm::Plain,
            Self::Encrypted { .. } => FileAlgorithm::Encrypted,
        }
    }
}

/// The dataset does not fit into a file of [`MAX_FILE_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file would be longer than {MAX_FILE_BYTES} bytes")]
pub struct TooLong;

/// Why a file is rejected, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is longer than [`MAX_FILE_BYTES`].
    #[error("the file is longer than {MAX_FILE_BYTES} bytes")]
    TooLong,
    /// Its first or last line is not that of a file of this kind.
    #[error("this is not a file of the expected kind")]
    Frame,
    /// The text between these lines, or a part of the envelope, is not canonical base64.
    #[error("the file is damaged: its content is not valid base64")]
    Encoding,
    /// The envelope is not a JSON object with exactly the members `enc`, `sig` and `alg`.
    #[error("the file is damaged: its envelope cannot be read")]
    Envelope,
    /// The algorithm is unknown.
    #[error("the file uses an unknown algorithm")]
    Algorithm,
    /// Its signature is by none of the given public keys.
    #[error("the file's signature is not the vendor's")]
    Signature,
    /// It is encrypted and no secret was given.
    #[error("the file is encrypted: the license key is required to open it")]
    SecretMissing,
    /// It cannot be decrypted with the given secret.
    #[error("the file is for another license key or another computer")]
    Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    enc: String,
    sig: String,
    alg: String,
}

/// Signs a dataset, encrypts it if asked to, and writes it as a file.
pub fn seal(kind: FileKind, dataset: &[u8], sealing: FileEncoding<'_>, signer: &SigningKey) -> Result<String, TooLong> {
    if dataset.len() > MAX_FILE_BYTES {
        return Err(TooLong);
    }
    let enc = match sealing {
        FileEncoding::Plain => STANDARD.encode(dataset),
        FileEncoding::Encrypted { secret, iv } => {
            let payload = Payload { msg: dataset, aad: b"" };
            // AES-GCM fails only for more than 64 GiB.
            let sealed = secret.cipher().encrypt(&Nonce::from(iv), payload).map_err(|_| TooLong)?;
            let (text, tag) = sealed.split_at(sealed.len().saturating_sub(TAG_BYTES));
            format!("{}.{}.{}", STANDARD.encode(text), STANDARD.encode(iv), STANDARD.encode(tag))
        }
    };
    let sig = STANDARD.encode(signer.sign(signed_text(kind, &enc).as_bytes()).to_bytes());
    let envelope = Envelope { enc, sig, alg: sealing.algorithm().as_str().to_owned() };
    let body = STANDARD.encode(serde_json::to_vec(&envelope).map_err(|_| TooLong)?);
    let mut text = String::with_capacity(body.len() + body.len() / COLUMNS + 64);
    text.push_str(kind.begin());
    text.push('\n');
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(kind.end());
    text.push('\n');
    if text.len() > MAX_FILE_BYTES { Err(TooLong) } else { Ok(text) }
}

/// Verifies a file with the vendor's public keys and returns its dataset, decrypted. Use
/// [`crate::files::claims`] to parse the dataset.
pub fn open(
    kind: FileKind,
    text: &str,
    keys: &[PublicKey],
    secret: Option<&FileSecret>,
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let envelope = read_envelope(kind, text)?;
    let algorithm = FileAlgorithm::parse(&envelope.alg).ok_or(FileError::Algorithm)?;
    let signature = STANDARD.decode(&envelope.sig).map_err(|_| FileError::Encoding)?;
    let signed = signed_text(kind, &envelope.enc);
    if !keys.iter().any(|key| key.verifies(signed.as_bytes(), &signature)) {
        return Err(FileError::Signature);
    }
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| FileError::Encoding);
    match algorithm {
        FileAlgorithm::Plain => decode(&envelope.enc).map(Zeroizing::new),
        FileAlgorithm::Encrypted => {
            let mut parts = envelope.enc.split('.');
            let (Some(text), Some(iv), Some(tag), None) = (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                return Err(FileError::Encoding);
            };
            let iv: [u8; IV_BYTES] = decode(iv)?.try_into().map_err(|_| FileError::Encoding)?;
            let tag: [u8; TAG_BYTES] = decode(tag)?.try_into().map_err(|_| FileError::Encoding)?;
            let sealed = [decode(text)?.as_slice(), &tag].concat();
            let cipher = secret.ok_or(FileError::SecretMissing)?.cipher();
            let payload = Payload { msg: &sealed, aad: b"" };
            cipher.decrypt(&Nonce::from(iv), payload).map(Zeroizing::new).map_err(|_| FileError::Secret)
        }
    }
}

/// The kind of a file according to its first line. Nothing is verified.
pub fn kind_of(text: &str) -> Option<FileKind> {
    let first = text.lines().next()?;
    FileKind::ALL.iter().copied().find(|kind| kind.begin() == first)
}

fn signed_text(kind: FileKind, enc: &str) -> String {
    format!("{}/{enc}", kind.as_str())
}

fn read_envelope(kind: FileKind, text: &str) -> Result<Envelope, FileError> {
    if text.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong);
    }
    let mut lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    while lines.last() == Some(&"") {
        lines.pop();
    }
    let [first, body @ .., last] = lines.as_slice() else {
        return Err(FileError::Frame);
    };
    if *first != kind.begin() || *last != kind.end() {
        return Err(FileError::Frame);
    }
    if body.contains(&"") {
        return Err(FileError::Encoding);
    }
    let body = STANDARD.decode(body.concat()).map_err(|_| FileError::Encoding)?;
    // serde would also accept an array of the fields in order.
    if body.first() != Some(&b'{') {
        return Err(FileError::Envelope);
    }
    serde_json::from_slice(&body).map_err(|_| FileError::Envelope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DATASET: &str = r#"{"data":{"id":"lic_1","type":"licenses","attributes":{"key":"ABC-123"},"relationships":{}},"meta":{"issued":"2026-01-01T00:00:00.000Z","expiry":"2094-01-01T00:00:00.000Z","ttl":2147483647}}"#;

    fn vector_signer() -> SigningKey {
        let seed: Vec<u8> = (0..32).collect();
        SigningKey::from_bytes(&seed.try_into().expect("32 bytes"))
    }

    fn keys() -> [PublicKey; 1] {
        [PublicKey::from(&vector_signer().verifying_key())]
    }

    fn vector_secret() -> FileSecret {
        FileSecret(Zeroizing::new("ABC-123".to_owned()))
    }

    fn iv() -> [u8; IV_BYTES] {
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    }

    fn sealed(kind: FileKind) -> String {
        let secret = vector_secret();
        seal(kind, DATASET.as_bytes(), FileEncoding::Encrypted { secret: &secret, iv: iv() }, &vector_signer())
            .expect("fits")
    }

    /// Wraps an arbitrary envelope in the lines of a file.
    fn framed(kind: FileKind, envelope: &str) -> String {
        format!("{}\n{}\n{}\n", kind.begin(), STANDARD.encode(envelope), kind.end())
    }

    fn envelope(text: &str) -> serde_json::Value {
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        serde_json::from_slice(&STANDARD.decode(body).expect("base64")).expect("an envelope")
    }

    /// The protocol's published test vectors.
    #[test]
    fn the_published_vectors() {
        let plain = seal(FileKind::License, DATASET.as_bytes(), FileEncoding::Plain, &vector_signer()).expect("fits");
        assert_eq!(
            envelope(&plain)["sig"],
            "cP5JGOOu+u6b5a7e2YEj3+YoBQu8j+2W1Q090tXQzlBfotyUubH5l8UI3jZZuRmHi8xTOddNe0Dk25R1gJ1DBA=="
        );
        assert_eq!(
            open(FileKind::License, &plain, &keys(), None).as_deref().map(Vec::as_slice),
            Ok(DATASET.as_bytes())
        );
        let encrypted = sealed(FileKind::License);
        let found = envelope(&encrypted);
        assert_eq!(
            found["sig"],
            "MpdiLfPBomoK3/uwnY5MIHUOwhuJRQwj8B6eEyD5kObtQFdB+BOuXeeDRoebSli/lwgvfRxF2sPiA5QrlS+LAw=="
        );
        assert!(found["enc"].as_str().is_some_and(|enc| enc.ends_with(".1/VYoJGTG6y9IFvaFJrEvw==")));
        let opened = open(FileKind::License, &encrypted, &keys(), Some(&vector_secret()));
        assert_eq!(opened.as_deref().map(Vec::as_slice), Ok(DATASET.as_bytes()));
        assert!(encrypted.lines().all(|line| line.len() <= COLUMNS) && !encrypted.contains('\r'));
        assert_eq!(kind_of(&encrypted), Some(FileKind::License));
    }

    #[test]
    fn encrypted_files_need_the_right_secret() {
        let file = sealed(FileKind::License);
        assert_eq!(open(FileKind::License, &file, &keys(), None), Err(FileError::SecretMissing));
        let other = FileSecret(Zeroizing::new("ABC-124".to_owned()));
        assert_eq!(open(FileKind::License, &file, &keys(), Some(&other)), Err(FileError::Secret));
    }

    /// LC-08: a file verifies with any of the embedded keys and with no other.
    #[test]
    fn lc_08_one_of_several_keys() {
        let file = sealed(FileKind::Machine);
        let other = PublicKey::from(&SigningKey::from_bytes(&[9; 32]).verifying_key());
        let [key] = keys();
        assert!(open(FileKind::Machine, &file, &[other, key], Some(&vector_secret())).is_ok());
        assert_eq!(open(FileKind::Machine, &file, &[other], Some(&vector_secret())), Err(FileError::Signature));
        assert_eq!(open(FileKind::Machine, &file, &[], Some(&vector_secret())), Err(FileError::Signature));
    }

    /// LC-03: attempts to pass one thing off as another, or to encode the same thing differently.
    #[test]
    fn lc_03_envelope_attacks_are_rejected() {
        let file = sealed(FileKind::License);
        let found = envelope(&file);
        let text = |name: &str| found[name].as_str().expect("text").to_owned();
        let (enc, sig, alg) = (text("enc"), text("sig"), text("alg"));
        let plain = envelope(
            &seal(FileKind::License, DATASET.as_bytes(), FileEncoding::Plain, &vector_signer()).expect("fits"),
        );
        let machine = envelope(&sealed(FileKind::Machine));
        let json = |enc: &str, sig: &str, alg: &str| format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"{alg}"}}"#);
        let parts: Vec<&str> = enc.split('.').collect();
        let [cipher, iv, tag] = parts[..] else { panic!("three parts") };
        let mut refused = vec![
            // Another algorithm, or none.
            json(&enc, &sig, "none"),
            json(&enc, &sig, ""),
            json(&enc, &sig, "ed25519"),
            json(&enc, &sig, "aes-256-gcm+ed25519ph"),
            json(&enc, &sig, "AES-256-GCM+ED25519"),
            json(&enc, &sig, "aes-256-gcm+rsa-sha256"),
            json(&enc, &sig, "base64+hmac-sha256"),
            json(&enc, &sig, "base64+ed25519"),
            json(plain["enc"].as_str().expect("text"), plain["sig"].as_str().expect("text"), &alg),
            // Members that are missing, unknown, repeated or of the wrong type.
            format!(r#"{{"enc":"{enc}","sig":"{sig}"}}"#),
            format!(r#"{{"enc":"{enc}","alg":"{alg}"}}"#),
            format!(r#"{{"sig":"{sig}","alg":"{alg}"}}"#),
            format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"{alg}","kid":"1"}}"#),
            format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"{alg}","jku":"https://evil.example/keys"}}"#),
            format!(r#"{{"enc":"{enc}","enc":"{enc}","sig":"{sig}","alg":"{alg}"}}"#),
            format!(r#"{{"enc":"{enc}","sig":"{sig}","sig":"{sig}","alg":"{alg}"}}"#),
            format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"none","alg":"{alg}"}}"#),
            format!(r#"{{"enc":null,"sig":"{sig}","alg":"{alg}"}}"#),
            format!(r#"{{"enc":["{enc}"],"sig":"{sig}","alg":"{alg}"}}"#),
            format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":["{alg}"]}}"#),
            format!(r#"{{"ENC":"{enc}","SIG":"{sig}","ALG":"{alg}"}}"#),
            format!(r"[{}]", json(&enc, &sig, &alg)),
            format!(r#"["{enc}","{sig}","{alg}"]"#),
            format!(r" {}", json(&enc, &sig, &alg)),
            format!("{} ", json(&enc, &sig, &alg)) + "{}",
            String::new(),
            "null".to_owned(),
            "{}".to_owned(),
            // The signature of another file, no signature, one that is too long or too short.
            json(&enc, plain["sig"].as_str().expect("text"), &alg),
            json(&enc, machine["sig"].as_str().expect("text"), &alg),
            json(&enc, "", &alg),
            json(&enc, &STANDARD.encode([0; 64]), &alg),
            json(&enc, &STANDARD.encode([0; 63]), &alg),
            json(&enc, &STANDARD.encode([0; 65]), &alg),
            json(&enc, sig.trim_end_matches('='), &alg),
            // Parts of the ciphertext swapped, omitted or repeated.
            json(&format!("{cipher}.{tag}.{iv}"), &sig, &alg),
            json(&format!("{cipher}.{iv}"), &sig, &alg),
            json(cipher, &sig, &alg),
            json(&format!("{enc}.{tag}"), &sig, &alg),
            json(&format!(".{iv}.{tag}"), &sig, &alg),
            json("", &sig, &alg),
            // The signed text includes the kind, which is not part of `enc`.
            json(&format!("license/{enc}"), &sig, &alg),
            json(&format!("machine/{enc}"), &sig, &alg),
        ];
        // Signed by us, but malformed.
        let sign = |enc: &str| STANDARD.encode(vector_signer().sign(format!("license/{enc}").as_bytes()).to_bytes());
        for enc in ["%%%", "AAAA.AAAA.AAAA", &format!("{cipher}.{iv}"), &format!("{enc}.")] {
            refused.push(json(enc, &sign(enc), &alg));
        }
        refused.push(json("%%%", &sign("%%%"), "base64+ed25519"));
        assert!(refused.len() >= 40, "{}", refused.len());
        for envelope in refused {
            let result =
                open(FileKind::License, &framed(FileKind::License, &envelope), &keys(), Some(&vector_secret()));
            assert!(result.is_err(), "{envelope}");
        }
        let good = json(&enc, &sig, &alg);
        assert!(open(FileKind::License, &framed(FileKind::License, &good), &keys(), Some(&vector_secret())).is_ok());
    }

    /// LC-03: a license file cannot be passed off as a machine file by changing its first and last line.
    #[test]
    fn lc_03_kinds_do_not_mix() {
        for (made, asked) in [(FileKind::License, FileKind::Machine), (FileKind::Machine, FileKind::License)] {
            let file = sealed(made);
            assert_eq!(open(asked, &file, &keys(), Some(&vector_secret())), Err(FileError::Frame));
            let relabeled = file.replace(made.begin(), asked.begin()).replace(made.end(), asked.end());
            assert_eq!(open(asked, &relabeled, &keys(), Some(&vector_secret())), Err(FileError::Signature));
        }
    }

    /// LC-05: deviations that are accepted, and those that are not.
    #[test]
    fn lc_05_one_encoding() {
        let file = sealed(FileKind::License);
        let accepts = |text: &str| open(FileKind::License, text, &keys(), Some(&vector_secret())).is_ok();
        let body: String = file.lines().filter(|line| !line.starts_with("-----")).collect();
        let one_line = format!("{}\n{body}\n{}\n", FileKind::License.begin(), FileKind::License.end());
        for good in [
            file.clone(),
            file.trim_end().to_owned(),
            file.replace('\n', "\r\n"),
            format!("{file}\n\r\n\n"),
            one_line.clone(),
        ] {
            assert!(accepts(&good), "{good}");
        }
        let mut last_letter = body.trim_end_matches('=').to_owned();
        let padding = body.len() - last_letter.len();
        if padding > 0 {
            // The same bytes with different unused bits.
            last_letter.pop();
            last_letter.push('B');
        }
        for bad in [
            format!("\u{feff}{file}"),
            format!(" {file}"),
            format!("\n{file}"),
            file.replace('\n', "\r"),
            file.replace('\n', " \n"),
            file.replace('\n', "\n "),
            file.replace('\n', "\n\t"),
            file.replace('\n', "\n\n"),
            file.replace('\n', "\0\n"),
            file.replace('\n', "\u{2028}"),
            one_line.replace(&body, body.trim_end_matches('=')),
            one_line.replace(&body, &format!("{body}=")),
            one_line.replace(&body, &format!("{body}AAAA")),
            one_line.replace(&body, &format!("{last_letter}{}", "=".repeat(padding))),
            one_line.replace(&body, &body.replace('/', "_").replace('+', "-")),
            one_line.replace(&body, ""),
            one_line.replace(&body, &body.to_lowercase()),
            file.replace("LICENSE", "license"),
            file.replace("-----END LICENSE FILE-----\n", ""),
            file.replace("-----BEGIN LICENSE FILE-----\n", ""),
            format!("{file}{file}"),
            format!("{file}x"),
            String::new(),
            "\0".to_owned(),
            "-----BEGIN LICENSE FILE-----".to_owned(),
            "-----BEGIN LICENSE FILE-----\n-----END LICENSE FILE-----".to_owned(),
        ] {
            // A replacement may not have changed anything.
            if bad != file && bad != one_line {
                assert!(!accepts(&bad), "{bad:?}");
            }
        }
        let long = format!("{file}{}", "\n".repeat(MAX_FILE_BYTES));
        assert_eq!(open(FileKind::License, &long, &keys(), None), Err(FileError::TooLong));
    }

    #[test]
    fn datasets_that_do_not_fit_are_rejected() {
        for bytes in [MAX_FILE_BYTES * 3 / 4, MAX_FILE_BYTES + 1] {
            let dataset = vec![b'x'; bytes];
            assert_eq!(
                seal(FileKind::License, &dataset, FileEncoding::Plain, &vector_signer()),
                Err(TooLong),
                "{bytes}"
            );
        }
    }

    proptest! {
        #[test]
        fn sealed_files_open(dataset in prop::collection::vec(any::<u8>(), 0..500), machine: bool, plain: bool, iv: [u8; IV_BYTES]) {
            let kind = if machine { FileKind::Machine } else { FileKind::License };
            let secret = vector_secret();
            let sealing = if plain { FileEncoding::Plain } else { FileEncoding::Encrypted { secret: &secret, iv } };
            let file = seal(kind, &dataset, sealing, &vector_signer()).expect("fits");
            let opened = open(kind, &file, &keys(), Some(&secret));
            prop_assert_eq!(opened.as_deref(), Ok(&dataset));
        }

        /// LC-03: changing any single character is detected, except for line breaks at the end.
        #[test]
        fn lc_03_one_changed_character_is_detected(at: prop::sample::Index, letter in "[ -~]") {
            let file = sealed(FileKind::License);
            let mut changed = file.clone();
            let at = at.index(changed.trim_end().len());
            prop_assume!(changed.as_bytes()[at] != b'\n');
            changed.replace_range(at..=at, &letter);
            prop_assume!(changed != file);
            prop_assert!(open(FileKind::License, &changed, &keys(), Some(&vector_secret())).is_err());
        }

        #[test]
        fn never_panics(text in "(-----BEGIN LICENSE FILE-----\n)?[ -~\r\n]{0,200}(\n-----END LICENSE FILE-----\n)?") {
            let _ = open(FileKind::License, &text, &keys(), Some(&vector_secret()));
            let _ = kind_of(&text);
        }
    }
}
