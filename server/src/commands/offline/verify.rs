//! `verify`: works offline, with nothing but its arguments.

use std::io::ErrorKind;

use latchkey_licensing::{
    air_gap::AirGapRequest,
    certificate::{self, FileKind, FileSecret},
    claims,
    license_key::LicenseKey,
    machine::Fingerprint,
    pasted_file,
    policy::KeyScheme,
    public_key::PublicKey,
    signed_key::{self, SignedKeyError},
    time::Timestamp,
};
use latchkey_service::Clock;
use serde_json::json;

use crate::{adapters::SystemClock, cli::Verify, console, files::read_text, startup::Failure};

/// The longest license file that clients accept (LC-05).
const MAX_FILE_BYTES: u64 = 64 * 1024;

pub(crate) fn verify(command: &Verify, as_json: bool) -> Result<(), Failure> {
    let text = read_text(&command.file, MAX_FILE_BYTES).map_err(|error| {
        let why = format!("{} cannot be read: {error}", command.file.display());
        if error.kind() == ErrorKind::FileTooLarge { Failure::Refused(why) } else { Failure::Usage(why) }
    })?;
    let keys = command
        .public_key
        .iter()
        .map(|hex| PublicKey::from_hex(hex.trim()).map_err(|error| Failure::Usage(format!("--public-key: {error}"))));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    match pasted_file::find(&text) {
        Some((kind, found)) => file(command, kind, &found, &keys, as_json),
        None => key(&text, &keys, as_json),
    }
}

fn file(command: &Verify, kind: FileKind, text: &str, keys: &[PublicKey], as_json: bool) -> Result<(), Failure> {
    let secret = secret(command, kind)?;
    let refused = |why: String| Failure::Refused(format!("{}: {why}", command.file.display()));
    let now = SystemClock.now();
    let dataset = certificate::open(kind, text, keys, secret.as_ref()).map_err(|error| refused(error.to_string()))?;
    let claims = claims::read(kind, &dataset, now).map_err(|error| refused(error.to_string()))?;
    let stated = claims.expires_at;
    // As apps do by default.
    let claims = claims.with_max_age(claims::MAX_AGE);
    if let (Some(machine), Some(wanted)) = (&claims.machine, &command.fingerprint)
        && machine.fingerprint.as_str() != wanted
    {
        return Err(refused("the file is for a different machine".to_owned()));
    }
    let entitlements: Vec<&str> =
        claims.license.entitlements.iter().map(latchkey_licensing::entitlement::EntitlementCode::as_str).collect();
    let is_valid = !(claims.is_expired(now) || claims.license.is_suspended || claims.is_license_expired(now));
    if as_json {
        console::json(&json!({
            "kind": kind.as_str(),
            "valid": is_valid,
            "license": claims.license.id.to_string(),
            "product": claims.license.product.to_string(),
            "machine": claims.machine.as_ref().map(|machine| machine.id.to_string()),
            "entitlements": entitlements,
            "issued_at": claims.issued_at.rfc3339(),
            "expires_at": stated.rfc3339(),
            "accepted_until": claims.expires_at.rfc3339(),
            "license_expires_at": claims.license.expires_at.map(Timestamp::rfc3339),
        }));
    } else {
        console::line(&format!("The signature is valid. License {}.", claims.license.id));
        if let Some(machine) = &claims.machine {
            console::line(&format!("Machine {}.", machine.id));
        }
        if !entitlements.is_empty() {
            console::line(&format!("Entitlements: {}.", entitlements.join(", ")));
        }
        console::line(&format!("Valid from {} to {}.", claims.issued_at.human(), stated.human()));
        if claims.expires_at < stated {
            let until = claims.expires_at.human();
            console::line(&format!(
                "Warning: apps accept a file for 366 days after its issue, so this one until {until}."
            ));
        }
    }
    let refusal = if claims.license.is_suspended {
        "the license is suspended".to_owned()
    } else if claims.is_license_expired(now) {
        "the license has expired".to_owned()
    } else if claims.is_expired(now) && claims.expires_at < stated {
        format!("the file is older than 366 days, so apps have not accepted it since {}", claims.expires_at.human())
    } else if claims.is_expired(now) {
        format!("the file expired on {}", claims.expires_at.human())
    } else {
        return Ok(());
    };
    Err(Failure::PartlyDone(format!("{}: {refusal}", command.file.display())))
}

fn secret(command: &Verify, kind: FileKind) -> Result<Option<FileSecret>, Failure> {
    let Some(text) = &command.license_key else {
        return Ok(None);
    };
    let key = LicenseKey::parse(text).map_err(|error| Failure::Usage(format!("--license-key: {error}")))?;
    match (kind, &command.fingerprint) {
        (FileKind::License, _) => Ok(Some(FileSecret::of_license(&key))),
        (FileKind::Machine, None) => {
            Err(Failure::Usage("an encrypted machine file requires the fingerprint: add --fingerprint".to_owned()))
        }
        (FileKind::Machine, Some(fingerprint)) => {
            let fingerprint = Fingerprint::parse(fingerprint)
                .ok_or_else(|| Failure::Usage("--fingerprint: not a fingerprint".to_owned()))?;
            Ok(Some(FileSecret::of_machine(&key, &fingerprint)))
        }
    }
}

/// Says what a text is that is neither a file nor a valid signed key.
fn refusal(text: &str, key: Option<&LicenseKey>, error: SignedKeyError) -> String {
    if AirGapRequest::parse(text).is_ok() {
        return "this is a request to activate a computer without internet access: open it in the portal".to_owned();
    }
    if key.is_some_and(|key| key.scheme() == KeyScheme::Random) {
        return "this is a license key that only the server can check: validate it through the API".to_owned();
    }
    if text.contains("PUBLIC KEY") || PublicKey::from_hex(text.trim()).is_ok() {
        return "this is a public key: pass it with --public-key, and the file to verify as FILE".to_owned();
    }
    if text.contains("LICENSE FILE") || text.contains("MACHINE FILE") {
        return "this is a part of a license or machine file, or more than one: copy one from its BEGIN line to its END line"
            .to_owned();
    }
    format!("{error}: the file must be a license file, a machine file or a signed key")
}

fn key(text: &str, keys: &[PublicKey], as_json: bool) -> Result<(), Failure> {
    let found = LicenseKey::parse(text).ok();
    let key = found.as_ref().map_or(text, LicenseKey::expose);
    let claims =
        signed_key::verify(key, keys).map_err(|error| Failure::Refused(refusal(text, found.as_ref(), error)))?;
    if as_json {
        console::json(&json!({
            "kind": "key",
            "valid": true,
            "license": claims.license.to_string(),
            "product": claims.product.to_string(),
            "policy": claims.policy.to_string(),
            "issued_at": claims.issued_at.rfc3339(),
            "license_expires_at": claims.expires_at.map(Timestamp::rfc3339),
        }));
    } else {
        console::line(&format!("The signature is valid. License {}.", claims.license));
        console::line(&format!("Issued {}.", claims.issued_at.human()));
    }
    Ok(())
}
