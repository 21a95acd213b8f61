//! `keys public | list | rotate | retire`

use ed25519_dalek::{
    VerifyingKey,
    pkcs8::{EncodePublicKey, spki::der::pem::LineEnding},
};
use latchkey_licensing::{ids::SigningKeyId, public_key::PublicKey, time::Timestamp};
use latchkey_service::{KeyState, Operator, RetireError, Service, SigningKeyInfo};
use serde_json::{Value, json};

use crate::{
    cli::Keys,
    commands::terminal::confirmation::{Answer, confirm},
    console,
    startup::Failure,
};

impl From<RetireError> for Failure {
    fn from(error: RetireError) -> Self {
        Self::Refused(match error {
            RetireError::NotFound(_) => format!("{error}: `latchkey keys list` lists all keys"),
            RetireError::IsSigning(_) => format!("{error}: run `latchkey keys rotate` first"),
            RetireError::InUse { files_until, licenses, .. } => {
                let in_use = in_use(files_until, licenses);
                format!("{error}: {in_use}. Add --even-if-in-use to invalidate them now")
            }
            RetireError::Internal(error) => return Self::Internal(error),
        })
    }
}

/// What a key has signed that is still in use.
fn in_use(files_until: Option<Timestamp>, licenses: i64) -> String {
    let files = files_until.map(|until| format!("files that it signed are valid until {}", until.human_date()));
    let keys = (licenses > 0).then(|| format!("{licenses} licenses have a key that it signed"));
    files.into_iter().chain(keys).collect::<Vec<_>>().join(", and ")
}

pub(crate) async fn keys(service: &Service, command: Keys, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    match command {
        Keys::Public => public(service, as_json),
        Keys::List => {
            let keys = admin.signing_keys().await?;
            if as_json {
                console::json(&keys.iter().map(describe).collect::<Vec<_>>());
                return Ok(());
            }
            for key in &keys {
                console::line(&one_line(key));
            }
            Ok(())
        }
        Keys::Rotate { prepare: true, .. } => {
            let key = admin.prepare_signing_key().await?;
            if as_json {
                console::json(&describe(&key));
                return Ok(());
            }
            console::line(&format!("The next key:\n{}\n", key.public_key.hex()));
            console::line(
                "Release a version of your app that embeds it in addition to the current key, then run `latchkey keys rotate`.",
            );
            Ok(())
        }
        Keys::Rotate { yes, .. } => {
            let has_next = service.keyring().keys().iter().any(|key| key.state == KeyState::Waiting);
            let warning = if has_next {
                "Start signing with the next key? Apps that do not embed it will reject this server's responses."
            } else {
                "Start signing with a new key? No app embeds it yet, so every app in use will reject this server's responses. `keys rotate --prepare` creates a key that apps can embed first."
            };
            if confirm(yes, warning)? == Answer::No {
                return Err(Failure::Refused("not rotated".to_owned()));
            }
            let key = admin.rotate_signing_key(&Operator::Host.fresh()).await?;
            if as_json {
                console::json(&describe(&key));
                return Ok(());
            }
            console::line(&format!("The signing key is now:\n{}\n", key.public_key.hex()));
            console::line("What the old key signed stays valid until you retire it with `latchkey keys retire`.");
            Ok(())
        }
        Keys::Retire { id, even_if_in_use, yes } => {
            let id: SigningKeyId = id.parse().map_err(|_| {
                Failure::Usage(format!("{id:?} is not a key id: `latchkey keys list` lists all keys with their ids"))
            })?;
            let question = format!("Retire the key {id} permanently? Everything that it signed becomes invalid.");
            if confirm(yes, &question)? == Answer::No {
                return Err(Failure::Refused("not retired".to_owned()));
            }
            let key = admin.retire_signing_key(id, even_if_in_use, &Operator::Host.fresh()).await?;
            if as_json {
                console::json(&describe(&key));
            } else {
                console::line(&format!("Retired {}. Everything that it signed is invalid.", key.id));
            }
            Ok(())
        }
    }
}

fn public(service: &Service, as_json: bool) -> Result<(), Failure> {
    let keyring = service.keyring();
    let account = keyring.wire_account().to_string();
    let hex = PublicKey::from(&keyring.signer().verifying_key()).hex();
    let waiting = keyring.keys().iter().find(|key| key.state == KeyState::Waiting).map(|key| key.public_key.hex());
    let pem = pem(&keyring.signer().verifying_key())?;
    if as_json {
        let all: Vec<String> = keyring.verifying().iter().map(PublicKey::hex).collect();
        console::json(&json!({ "hex": hex, "pem": pem, "account": account, "verifying": all, "waiting": waiting }));
        return Ok(());
    }
    console::line(&format!("Public key (Ed25519) for apps to embed:\n{hex}\n"));
    console::line(pem.trim_end());
    console::line(&format!("\nAccount id in the API: {account}"));
    let signer = keyring.signer_id();
    let older = keyring.keys().iter().filter(|key| key.state == KeyState::Verifying && key.id != signer);
    for key in older {
        console::line(&format!(
            "\nAn older key whose files and license keys are still valid; embed it as well:\n{}",
            key.public_key.hex()
        ));
    }
    if let Some(waiting) = waiting {
        console::line(&format!("\nThe next key; embed it as well:\n{waiting}"));
    }
    console::line(&format!("\nRust, latchkey-client:\n    PublicKey::from_hex(\"{hex}\")?"));
    console::line(&format!("Rust, keygen-rs:\n    KeygenConfig {{ public_key: Some(\"{hex}\".into()), ..config }}"));
    console::line(&format!("Python, cryptography:\n    Ed25519PublicKey.from_public_bytes(bytes.fromhex(\"{hex}\"))"));
    console::line(&format!(
        "JavaScript, Web Crypto:\n    crypto.subtle.importKey(\"raw\", Buffer.from(\"{hex}\", \"hex\"), \"Ed25519\", false, [\"verify\"])"
    ));
    console::line(&format!("C#, BouncyCastle:\n    new Ed25519PublicKeyParameters(Hex.Decode(\"{hex}\"))"));
    Ok(())
}

fn pem(key: &VerifyingKey) -> Result<String, Failure> {
    key.to_public_key_pem(LineEnding::LF)
        .map_err(|error| Failure::Refused(format!("the public key cannot be written as PEM: {error}")))
}

fn describe(key: &SigningKeyInfo) -> Value {
    json!({
        "id": key.id.to_string(),
        "hex": key.public_key.hex(),
        "state": key.state.as_str(),
        "created_at": key.created_at.rfc3339(),
        "activated_at": key.activated_at.map(Timestamp::rfc3339),
        "retired_at": key.retired_at.map(Timestamp::rfc3339),
        "files_until": key.files_until.map(Timestamp::rfc3339),
    })
}

fn one_line(key: &SigningKeyInfo) -> String {
    let until = key.files_until.map_or_else(String::new, |until| format!("  files until {}", until.human_date()));
    format!("{}  {:9}  {}{until}", key.id, key.state.as_str(), key.public_key.hex())
}
