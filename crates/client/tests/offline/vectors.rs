//! LC-15: the published test vectors, for authors of verifiers in other languages.
//!
//! The cases are generated here, deterministically, and compared with the published file. Every case is also
//! run through our own verifier. After a change of the format, `cargo test -p latchkey-client --test offline --
//! --ignored` regenerates the file.

use std::{fs, path::PathBuf, time::Duration};

use crate::vendor::{FileSpec, OTHER_LICENSE, OTHER_PRODUCT, PRODUCT, Vendor};
use aes_gcm::{
    AesGcm, KeyInit,
    aead::{Aead, consts::U16},
    aes::Aes256,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use ed25519_dalek::{Signer, SigningKey};
use latchkey_client::{Fingerprint, LicenseKey, PublicKey, Timestamp, Verifier};
use latchkey_licensing::certificate::{FileEncoding, FileKind, FileSecret, seal};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A case of the published file.
#[derive(Clone, Debug, Serialize)]
struct Case {
    name: &'static str,
    kind: &'static str,
    text: String,
    public_keys: Vec<String>,
    license_key: Option<String>,
    fingerprint: Option<&'static str>,
    product: &'static str,
    now: String,
    valid: bool,
    /// Invalid only in form: a genuine file in a different spelling, or content that only the vendor could have
    /// signed. A verifier can safely accept it.
    form_only: bool,
}

/// The cases that differ from a valid one only in form.
const FORM_ONLY: [&str; 30] = [
    "an unknown member",
    "a repeated member",
    "a repeated algorithm",
    "spaces at line ends",
    "tabs before lines",
    "an empty line inside",
    "CR line endings",
    "one extra character",
    "a signature that is not canonical base64",
    "a signature without padding",
    "an IV of 16 bytes",
    "issued is a date without a time",
    "issued with a space instead of T",
    "a UUID without hyphens",
    "ttl is a string",
    "ttl is a fraction",
    "ttl is negative",
    "ttl is zero",
    "ttl exceeds 32 bits",
    "an unknown member of meta",
    "an unknown top-level member",
    "an id that is not a UUID",
    "a repeated member of meta",
    "a repeated attribute",
    "an offset without minutes",
    "a machine file with another license inside",
    "a signed key without padding",
    "a signed key with a repeated member",
    "a signed key with a UUID without hyphens",
    "a signed key with an impossible offset",
];

/// Generates cases that differ from a valid one in one respect.
struct Maker {
    vendor: Vendor,
    cases: Vec<Case>,
}

/// Some languages write UUIDs in upper case.
const PRODUCT_IN_CAPITALS: &str = "01A20846-FE00-7000-8000-000000000004";

const LICENSE_FILE: &str = "license-file";
const MACHINE_FILE: &str = "machine-file";
const SIGNED_KEY: &str = "signed-key";

impl Maker {
    fn case(&self, name: &'static str, kind: &'static str, text: String, valid: bool) -> Case {
        Case {
            name,
            kind,
            text,
            public_keys: vec![self.vendor.public_key().hex()],
            license_key: (kind != SIGNED_KEY).then(|| self.vendor.key.expose().to_owned()),
            fingerprint: (kind == MACHINE_FILE).then_some("fp"),
            product: PRODUCT,
            now: self.vendor.now.rfc3339(),
            valid,
            form_only: !valid && FORM_ONLY.contains(&name),
        }
    }

    fn add(&mut self, name: &'static str, kind: &'static str, text: String, valid: bool) {
        let case = self.case(name, kind, text, valid);
        self.cases.push(case);
    }

    fn with(
        &mut self,
        name: &'static str,
        kind: &'static str,
        text: String,
        valid: bool,
        change: impl FnOnce(&mut Case),
    ) {
        let mut case = self.case(name, kind, text, valid);
        change(&mut case);
        self.cases.push(case);
    }

    fn license_dataset(&self) -> Value {
        self.vendor.license_dataset(&FileSpec::default())
    }

    fn machine_dataset(&self) -> Value {
        self.vendor.machine_dataset(&FileSpec::default())
    }

    /// A plain license file with an arbitrary dataset.
    fn license_file(&self, dataset: &str) -> String {
        seal(FileKind::License, dataset.as_bytes(), FileEncoding::Plain, &self.vendor.signer).expect("fits")
    }

    fn machine_file(&self, dataset: &str) -> String {
        let fingerprint = Fingerprint::parse("fp").expect("a fingerprint");
        let secret = FileSecret::of_machine(&self.vendor.key, &fingerprint);
        let sealing = FileEncoding::Encrypted { secret: &secret, iv: [7; 12] };
        seal(FileKind::Machine, dataset.as_bytes(), sealing, &self.vendor.signer).expect("fits")
    }

    /// Adds a license file with a changed dataset.
    fn changed(&mut self, name: &'static str, valid: bool, change: impl FnOnce(&mut Value)) {
        let mut dataset = self.license_dataset();
        change(&mut dataset);
        let text = self.license_file(&dataset.to_string());
        self.add(name, LICENSE_FILE, text, valid);
    }
}

/// Wraps an arbitrary envelope in the lines of a license file.
fn framed(envelope: &str) -> String {
    format!("-----BEGIN LICENSE FILE-----\n{}\n-----END LICENSE FILE-----\n", STANDARD.encode(envelope))
}

fn envelope(text: &str) -> (String, String, String) {
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let value: Value = serde_json::from_slice(&STANDARD.decode(body).expect("base64")).expect("JSON");
    let part = |name: &str| value[name].as_str().expect("text").to_owned();
    (part("enc"), part("sig"), part("alg"))
}

fn body_of(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("-----")).collect()
}

fn signed_key(payload: &str, signer: &SigningKey) -> String {
    let signed = format!("key/{}", URL_SAFE.encode(payload));
    let signature = URL_SAFE.encode(signer.sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}")
}

fn cases() -> Vec<Case> {
    let mut maker = Maker { vendor: Vendor::new(), cases: Vec::new() };
    valid_and_misdirected(&mut maker);
    envelopes(&mut maker);
    spellings(&mut maker);
    datasets(&mut maker);
    keys(&mut maker);
    maker.cases
}

fn valid_and_misdirected(maker: &mut Maker) {
    let spec = FileSpec::default();
    let plain = maker.license_file(&maker.license_dataset().to_string());
    let sealed = maker.vendor.license_file_for(&maker.vendor.key);
    let machine = maker.vendor.machine_file(&spec);
    let plain_machine = maker.vendor.machine_file(&FileSpec { is_plain: true, ..FileSpec::default() });
    let (key, other) = (maker.vendor.public_key().hex(), maker.vendor.other_public_key().hex());
    let other_key = maker.vendor.other_key.expose().to_owned();
    let at = |days: i64| {
        let by = Duration::from_hours(days.unsigned_abs() * 24);
        let now = Vendor::new().now;
        if days < 0 { now.minus(by) } else { now.plus(by) }.rfc3339()
    };
    maker.add("a plain license file", LICENSE_FILE, plain.clone(), true);
    maker.add("an encrypted license file", LICENSE_FILE, sealed.clone(), true);
    maker.add("an encrypted machine file", MACHINE_FILE, machine.clone(), true);
    maker.add("a plain machine file", MACHINE_FILE, plain_machine.clone(), true);
    maker.with("the second of two keys signed it", LICENSE_FILE, plain.clone(), true, |case| {
        case.public_keys = vec![other.clone(), key.clone()];
    });
    maker.with("another vendor's key", LICENSE_FILE, plain.clone(), false, |case| {
        case.public_keys = vec![other.clone()];
    });
    maker.with("no key at all", LICENSE_FILE, plain.clone(), false, |case| case.public_keys = vec![]);
    maker.with("another license's key", LICENSE_FILE, sealed.clone(), false, |case| {
        case.license_key = Some(other_key.clone());
    });
    maker.with("no license key", LICENSE_FILE, sealed, false, |case| case.license_key = None);
    maker.with("another license's key, machine file", MACHINE_FILE, machine.clone(), false, |case| {
        case.license_key = Some(other_key);
    });
    maker.with("another license's key, plain file", LICENSE_FILE, plain.clone(), false, |case| {
        case.license_key = Some(Vendor::new().other_key.expose().to_owned());
    });
    maker.with("another license's key, plain machine file", MACHINE_FILE, plain_machine.clone(), false, |case| {
        case.license_key = Some(Vendor::new().other_key.expose().to_owned());
    });
    maker.with("no license key, plain file", LICENSE_FILE, plain.clone(), true, |case| case.license_key = None);
    maker.with("an empty license key, plain file", LICENSE_FILE, plain.clone(), false, |case| {
        case.license_key = Some(String::new());
    });
    maker.with("another machine", MACHINE_FILE, machine.clone(), false, |case| case.fingerprint = Some("other"));
    maker.with("another machine, plain file", MACHINE_FILE, plain_machine.clone(), false, |case| {
        case.fingerprint = Some("other");
    });
    maker.with("an empty fingerprint, plain file", MACHINE_FILE, plain_machine, false, |case| {
        case.fingerprint = Some("");
    });
    maker.with("another product", LICENSE_FILE, plain.clone(), false, |case| case.product = OTHER_PRODUCT);
    maker.with("another product, machine file", MACHINE_FILE, machine.clone(), false, |case| {
        case.product = OTHER_PRODUCT;
    });
    maker.with("the product's id in capitals", LICENSE_FILE, plain.clone(), true, |case| {
        case.product = PRODUCT_IN_CAPITALS;
    });
    maker.with("the last day", LICENSE_FILE, plain.clone(), true, |case| case.now = at(29));
    maker.with("the file has expired", LICENSE_FILE, plain.clone(), false, |case| case.now = at(30));
    maker.with("long expired", MACHINE_FILE, machine.clone(), false, |case| case.now = at(3_000));
    maker.with("issued four minutes in the future", LICENSE_FILE, plain.clone(), true, |case| {
        case.now = Vendor::new().now.minus(Duration::from_mins(4)).rfc3339();
    });
    maker.with("issued a day in the future", LICENSE_FILE, plain.clone(), false, |case| case.now = at(-1));
    maker.with("a license file offered as a machine file", MACHINE_FILE, plain.clone(), false, |_| {});
    maker.with("a machine file offered as a license file", LICENSE_FILE, machine, false, |_| {});
    maker.add("a license file relabeled", MACHINE_FILE, plain.replace("LICENSE FILE", "MACHINE FILE"), false);
}

fn envelopes(maker: &mut Maker) {
    let plain = maker.license_file(&maker.license_dataset().to_string());
    let (enc, sig, alg) = envelope(&plain);
    let other = maker.license_file(&json!({ "data": 1 }).to_string());
    let (_, other_sig, _) = envelope(&other);
    let machine_sig = STANDARD.encode(maker.vendor.signer.sign(format!("machine/{enc}").as_bytes()).to_bytes());
    for (name, text) in [
        ("no algorithm", format!(r#"{{"enc":"{enc}","sig":"{sig}"}}"#)),
        ("algorithm none", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"none"}}"#)),
        ("algorithm in capitals", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"BASE64+ED25519"}}"#)),
        ("an algorithm of another server", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"base64+rsa-sha256"}}"#)),
        ("plain, called encrypted", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"aes-256-gcm+ed25519"}}"#)),
        ("no signature", format!(r#"{{"enc":"{enc}","sig":"","alg":"{alg}"}}"#)),
        ("another file's signature", format!(r#"{{"enc":"{enc}","sig":"{other_sig}","alg":"{alg}"}}"#)),
        ("a signature for a machine file", format!(r#"{{"enc":"{enc}","sig":"{machine_sig}","alg":"{alg}"}}"#)),
        ("an unknown member", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"{alg}","kid":"1"}}"#)),
        ("a repeated member", format!(r#"{{"enc":"AAAA","enc":"{enc}","sig":"{sig}","alg":"{alg}"}}"#)),
        ("a repeated algorithm", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"none","alg":"{alg}"}}"#)),
        ("a member that is not a string", format!(r#"{{"enc":["{enc}"],"sig":"{sig}","alg":"{alg}"}}"#)),
        ("an envelope in a list", format!(r#"[{{"enc":"{enc}","sig":"{sig}","alg":"{alg}"}}]"#)),
        ("an envelope as a list of its parts", format!(r#"["{enc}","{sig}","{alg}"]"#)),
        ("two envelopes", format!(r#"{{"enc":"{enc}","sig":"{sig}","alg":"{alg}"}}{{}}"#)),
        ("no envelope", "null".to_owned()),
    ] {
        maker.add(name, LICENSE_FILE, framed(&text), false);
    }
    let sealed = maker.vendor.license_file_for(&maker.vendor.key);
    let (enc, _, alg) = envelope(&sealed);
    let parts: Vec<&str> = enc.split('.').collect();
    let sign = |enc: &str| STANDARD.encode(Vendor::new().signer.sign(format!("license/{enc}").as_bytes()).to_bytes());
    for (name, enc) in [
        ("IV and tag swapped", format!("{}.{}.{}", parts[0], parts[2], parts[1])),
        ("no tag", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{enc}.AAAA")),
        ("a changed tag", format!("{}.{}.{}", parts[0], parts[1], STANDARD.encode([0; 16]))),
    ] {
        maker.add(
            name,
            LICENSE_FILE,
            framed(&format!(r#"{{"enc":"{enc}","sig":"{}","alg":"{alg}"}}"#, sign(&enc))),
            false,
        );
    }
    let enc = with_long_iv(&maker.license_dataset().to_string(), maker.vendor.key.expose());
    let text = framed(&format!(r#"{{"enc":"{enc}","sig":"{}","alg":"{alg}"}}"#, sign(&enc)));
    maker.add("an IV of 16 bytes", LICENSE_FILE, text, false);
}

/// Correctly encrypted content, except for the length of its IV.
fn with_long_iv(content: &str, license_key: &str) -> String {
    let cipher = AesGcm::<Aes256, U16>::new(&Sha256::digest(license_key));
    let iv = [7; 16];
    let sealed = cipher.encrypt(&iv.into(), content.as_bytes()).expect("encrypted");
    let (content, tag) = sealed.split_at(sealed.len() - 16);
    [content, &iv, tag].map(|part| STANDARD.encode(part)).join(".")
}

fn spellings(maker: &mut Maker) {
    let plain = maker.license_file(&maker.license_dataset().to_string());
    let body = body_of(&plain);
    let one_line = format!("-----BEGIN LICENSE FILE-----\n{body}\n-----END LICENSE FILE-----\n");
    maker.add("CRLF line endings", LICENSE_FILE, plain.replace('\n', "\r\n"), true);
    maker.add("empty lines at the end", LICENSE_FILE, format!("{plain}\n\n"), true);
    maker.add("no line ending at the end", LICENSE_FILE, plain.trim_end().to_owned(), true);
    maker.add("one long line", LICENSE_FILE, one_line.clone(), true);
    maker.add("a byte order mark", LICENSE_FILE, format!("\u{feff}{plain}"), false);
    maker.add("an empty line before", LICENSE_FILE, format!("\n{plain}"), false);
    maker.add("spaces at line ends", LICENSE_FILE, plain.replace('\n', " \n"), false);
    maker.add("tabs before lines", LICENSE_FILE, plain.replace('\n', "\n\t"), false);
    maker.add(
        "an empty line inside",
        LICENSE_FILE,
        plain.replacen("\nZ", "\n\nZ", 1).replacen("\ne", "\n\ne", 1),
        false,
    );
    maker.add("CR line endings", LICENSE_FILE, plain.replace('\n', "\r"), false);
    maker.add("no END line", LICENSE_FILE, plain.replace("-----END LICENSE FILE-----\n", ""), false);
    maker.add("text after the end", LICENSE_FILE, format!("{plain}x"), false);
    maker.add("two files", LICENSE_FILE, format!("{plain}{plain}"), false);
    maker.add("one extra character", LICENSE_FILE, one_line.replace(&body, &format!("{body}A")), false);
    maker.add("cut in the middle", LICENSE_FILE, one_line.replace(&body, &body[..body.len() / 2]), false);
    maker.add("empty", LICENSE_FILE, String::new(), false);
    // The same signature bytes with different unused bits.
    let (enc, sig, alg) = envelope(&plain);
    let at = sig.len() - 3;
    let loose = format!("{}{}==", &sig[..at], if &sig[at..=at] == "A" { "B" } else { bump(&sig[at..=at]) });
    maker.add(
        "a signature that is not canonical base64",
        LICENSE_FILE,
        framed(&format!(r#"{{"enc":"{enc}","sig":"{loose}","alg":"{alg}"}}"#)),
        false,
    );
    let unpadded = sig.trim_end_matches('=');
    maker.add(
        "a signature without padding",
        LICENSE_FILE,
        framed(&format!(r#"{{"enc":"{enc}","sig":"{unpadded}","alg":"{alg}"}}"#)),
        false,
    );
    maker.add("longer than 64 KiB", LICENSE_FILE, format!("{plain}{}", "\n".repeat(65_536)), false);
    let wide = format!("{plain}{}", "\u{3000}".repeat(22_000));
    maker.add("longer than 64 KiB in bytes but not in characters", LICENSE_FILE, wide, false);
}

/// The next base64 character. After a canonical last character it differs only in unused bits.
fn bump(letter: &str) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = LETTERS.find(letter).expect("a letter of base64") + 1;
    &LETTERS[at..=at]
}

fn datasets(maker: &mut Maker) {
    maker.changed("the longest time to live", true, |file| {
        file["meta"]["expiry"] = json!("2094-12-11T15:14:07.000Z");
        file["meta"]["ttl"] = json!(2_147_483_647);
    });
    let mut lasting = maker.license_dataset();
    lasting["meta"]["expiry"] = json!("2094-12-11T15:14:07.000Z");
    let text = maker.license_file(&lasting.to_string());
    for (name, days, valid) in [("a file of 68 years, after a year", 365, true), ("long after a year", 367, false)] {
        let now = maker.vendor.now.plus(Duration::from_hours(days * 24)).rfc3339();
        maker.with(name, LICENSE_FILE, text.clone(), valid, |case| case.now = now);
    }
    maker.changed("unknown attributes are ignored", true, |file| file["data"]["attributes"]["color"] = json!("red"));
    maker.changed("times with an offset", true, |file| file["meta"]["issued"] = json!("2026-11-23T13:00:00+01:00"));
    maker.changed("an offset without minutes", false, |file| file["meta"]["issued"] = json!("2026-11-23T13:00:00+01"));
    maker.changed("issued is a number", false, |file| file["meta"]["issued"] = json!(1_795_435_200));
    maker.changed("issued is null", false, |file| file["meta"]["issued"] = Value::Null);
    maker.changed("issued is a date without a time", false, |file| file["meta"]["issued"] = json!("2026-11-23"));
    maker.changed("issued with a space instead of T", false, |file| {
        file["meta"]["issued"] = json!("2026-11-23 12:00:00Z");
    });
    maker.changed("meta is a list", false, |file| {
        file["meta"] = json!(["2026-11-23T12:00:00.000Z", "2026-12-23T12:00:00.000Z", 2_592_000]);
    });
    maker.changed("a UUID without hyphens", false, |file| {
        let id = file["data"]["id"].as_str().expect("text").replace('-', "");
        file["data"]["id"] = json!(id);
    });
    maker.changed("expiry is null", false, |file| file["meta"]["expiry"] = Value::Null);
    maker.changed("expiry before issue", false, |file| file["meta"]["expiry"] = json!("2026-11-22T12:00:00.000Z"));
    maker.changed("issued after its end, a minute ahead", false, |file| {
        let now = Vendor::new().now;
        file["meta"]["issued"] = json!(now.plus(Duration::from_mins(4)).rfc3339());
        file["meta"]["expiry"] = json!(now.plus(Duration::from_mins(1)).rfc3339());
    });
    maker.changed("ttl is a string", false, |file| file["meta"]["ttl"] = json!("86400"));
    maker.changed("ttl is a fraction", false, |file| file["meta"]["ttl"] = json!(86_400.5));
    maker.changed("ttl is negative", false, |file| file["meta"]["ttl"] = json!(-1));
    maker.changed("ttl is zero", false, |file| file["meta"]["ttl"] = json!(0));
    maker.changed("ttl exceeds 32 bits", false, |file| file["meta"]["ttl"] = json!(2_147_483_648_u64));
    maker.changed("no meta", false, |file| {
        file.as_object_mut().expect("an object").remove("meta");
    });
    maker.changed("an unknown member of meta", false, |file| file["meta"]["trusted"] = json!(true));
    maker.changed("an unknown top-level member", false, |file| file["jsonapi"] = json!({}));
    maker.changed("no product", false, |file| file["data"]["relationships"]["product"] = json!({ "data": null }));
    maker.changed("an id that is not a UUID", false, |file| file["data"]["id"] = json!("lic_1"));
    maker.changed("a list instead of a license", false, |file| file["data"] = json!([file["data"].clone()]));
    let dataset = maker.license_dataset().to_string();
    let twice = dataset.replacen(r#""ttl":"#, r#""ttl":1,"ttl":"#, 1);
    for (name, strategy, valid) in [
        ("the license has expired", "RESTRICT_ACCESS", false),
        ("the license has expired and access is revoked", "REVOKE_ACCESS", false),
        ("the license has expired but stays usable", "MAINTAIN_ACCESS", true),
    ] {
        maker.changed(name, valid, |dataset| {
            dataset["data"]["attributes"]["expiry"] = dataset["meta"]["issued"].clone();
            dataset["data"]["attributes"]["expiryStrategy"] = json!(strategy);
        });
    }
    maker.changed("the license has expired, without a strategy", false, |dataset| {
        let attributes = dataset["data"]["attributes"].as_object_mut().expect("an object");
        attributes.remove("expiryStrategy");
        attributes.insert("expiry".to_owned(), json!("2026-11-01T00:00:00.000Z"));
    });
    maker.changed("the license has not expired yet", true, |dataset| {
        dataset["data"]["attributes"]["expiry"] = json!("2026-12-01T00:00:00.000Z");
        dataset["data"]["attributes"]["expiryStrategy"] = json!("RESTRICT_ACCESS");
    });
    maker.changed("a suspended license", false, |dataset| dataset["data"]["attributes"]["suspended"] = json!(true));
    maker.changed("neither suspension nor expiry", true, |dataset| {
        let attributes = dataset["data"]["attributes"].as_object_mut().expect("an object");
        attributes.retain(|name, _| name == "key");
    });
    let doubled = maker.license_file(&twice);
    maker.add("a repeated member of meta", LICENSE_FILE, doubled, false);
    let doubled =
        maker.license_file(&dataset.replacen(r#""suspended":false"#, r#""suspended":true,"suspended":false"#, 1));
    maker.add("a repeated attribute", LICENSE_FILE, doubled, false);
    let broken = maker.license_file("{");
    maker.add("not JSON", LICENSE_FILE, broken, false);
    for (name, change) in [
        ("a machine file without its license", json!([])),
        ("a machine file with two licenses", {
            let included = maker.machine_dataset()["included"].clone();
            json!([included[0], included[0]])
        }),
    ] {
        let mut dataset = maker.machine_dataset();
        dataset["included"] = change;
        let text = maker.machine_file(&dataset.to_string());
        maker.add(name, MACHINE_FILE, text, false);
    }
    let mut dataset = maker.machine_dataset();
    dataset["data"]["type"] = json!("licenses");
    let text = maker.machine_file(&dataset.to_string());
    maker.add("a machine file that contains no machine", MACHINE_FILE, text, false);
    let mut dataset = maker.machine_dataset();
    dataset["data"]["relationships"]["license"]["data"]["id"] = json!(OTHER_LICENSE);
    let text = maker.machine_file(&dataset.to_string());
    maker.add("a machine file with another license inside", MACHINE_FILE, text, false);
}

fn keys(maker: &mut Maker) {
    let good = maker.vendor.signed_key(true).expose().to_owned();
    let (signed, signature) = good.split_once('.').expect("a dot");
    maker.add("a signed key", SIGNED_KEY, good.clone(), true);
    maker.with("a signed key of another product", SIGNED_KEY, good.clone(), false, |case| case.product = OTHER_PRODUCT);
    let other = maker.vendor.other_public_key().hex();
    maker
        .with("a signed key of another vendor", SIGNED_KEY, good.clone(), false, |case| case.public_keys = vec![other]);
    maker.add("a signed key without padding", SIGNED_KEY, good.trim_end_matches('=').to_owned(), false);
    maker.add("a signed key without its prefix", SIGNED_KEY, good.replacen("key/", "", 1), false);
    maker.add("a signed key with a file's prefix", SIGNED_KEY, good.replacen("key/", "license/", 1), false);
    maker.add("a signed key with two dots", SIGNED_KEY, format!("{signed}..{signature}"), false);
    maker.add(
        "a signed key with a changed payload",
        SIGNED_KEY,
        format!("{}.{signature}", signed.replacen("key/ey", "key/ez", 1)),
        false,
    );
    maker.add("a signed key with white space", SIGNED_KEY, format!("{good}\n"), false);
    let empty = signed_key("{}", &maker.vendor.signer);
    maker.add("a signed key without claims", SIGNED_KEY, empty, false);
    let payload = good.split(['/', '.']).nth(1).map(|payload| URL_SAFE.decode(payload).expect("base64"));
    let payload = String::from_utf8(payload.expect("a payload")).expect("text");
    let bare = signed_key(&payload.replace(PRODUCT, &PRODUCT.replace('-', "")), &maker.vendor.signer);
    maker.add("a signed key with a UUID without hyphens", SIGNED_KEY, bare, false);
    let doubled = signed_key(&payload.replacen('{', r#"{"issued":"","#, 1), &maker.vendor.signer);
    let issued = maker.vendor.now.rfc3339();
    let late = signed_key(&payload.replace(&issued, "2026-11-23T12:00:00+99:99"), &maker.vendor.signer);
    maker.add("a signed key with an impossible offset", SIGNED_KEY, late, false);
    maker.add("a signed key with a repeated member", SIGNED_KEY, doubled, false);
    // The file contains no license key, so only the signed key shows which license it belongs to.
    let mut dataset = maker.license_dataset();
    dataset["data"]["attributes"].as_object_mut().expect("an object").remove("key");
    let open = maker.license_file(&dataset.to_string());
    let others = maker.vendor.signed_key(false).expose().to_owned();
    let forged = signed_key(&payload, &maker.vendor.other_signer);
    for (name, key, valid) in [
        ("its own license's signed key", good, true),
        ("another license's signed key", others, false),
        ("a signed key that another vendor signed", forged, false),
    ] {
        maker.with(name, LICENSE_FILE, open.clone(), valid, |case| case.license_key = Some(key));
    }
    maker.with("neither the app nor the file has a key", LICENSE_FILE, open, true, |case| case.license_key = None);
    maker.add("a random key", SIGNED_KEY, maker.vendor.key.expose().to_owned(), false);
}

/// The result of our verifier. `None` for cases without a license key, which our verifier always requires.
fn verdict(case: &Case) -> Option<bool> {
    let keys = case.public_keys.iter().map(|hex| PublicKey::from_hex(hex).expect("a key")).collect();
    let verifier = Verifier::new(keys, case.product.parse().expect("an id"));
    let now = Timestamp::parse_rfc3339(&case.now).expect("a time");
    if case.kind == SIGNED_KEY {
        return Some(verifier.signed_key(&case.text).is_ok());
    }
    let Ok(key) = LicenseKey::parse(case.license_key.as_deref()?) else { return Some(false) };
    let claims = match case.fingerprint.map(Fingerprint::parse) {
        None => verifier.license_file(&case.text, &key, now),
        Some(None) => return Some(false),
        Some(Some(fingerprint)) => verifier.machine_file(&case.text, &key, &fingerprint, now),
    };
    Some(claims.is_ok())
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../content/docs/verify/vectors.json")
}

fn text() -> String {
    let about = "Test vectors for verifiers of license files, machine files and signed keys. A case is valid if the text verifies with one of the keys, is for the product (and for the license key and the machine), and neither the file nor the license has expired at `now`. A verifier may accept an invalid case with `form_only`: it is a genuine file in a different spelling, or has content that only the vendor could have signed.";
    let mut text = serde_json::to_string_pretty(&json!({ "about": about, "cases": cases() })).expect("JSON");
    text.push('\n');
    text
}

#[test]
fn lc_15_our_verifier_agrees_with_every_case() {
    let cases = cases();
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| (case.kind, case.name)).collect();
    assert_eq!(names.len(), cases.len(), "each case has a unique name");
    assert!(cases.len() >= 60, "{}", cases.len());
    assert!(cases.iter().filter(|case| case.valid).count() >= 10);
    assert_eq!(cases.iter().filter(|case| case.form_only).count(), FORM_ONLY.len(), "each is the name of a case");
    for case in &cases {
        let verdict = verdict(case);
        assert!(verdict.is_none_or(|verdict| verdict == case.valid), "{}: {}", case.kind, case.name);
    }
    assert_eq!(cases.iter().filter(|case| verdict(case).is_none()).count(), 3, "all other cases were verified");
}

#[test]
fn lc_15_the_published_file_is_up_to_date() {
    let published = fs::read_to_string(path()).expect("the file exists");
    assert!(published == text(), "the vectors changed: run this test file with --ignored to regenerate them");
}

#[test]
#[ignore = "writes the published file"]
fn write() {
    fs::write(path(), text()).expect("written");
}
