//! `keys public`

use ed25519_dalek::pkcs8::{EncodePublicKey, spki::der::pem::LineEnding};
use serde_json::json;

use crate::{cli::Keys, console, instance::Instance, startup::Failure};

pub(super) fn keys(instance: &Instance, command: &Keys, as_json: bool) -> Result<(), Failure> {
    let Keys::Public = command;
    let hex = instance.public_key_hex();
    let pem = instance.signing_key.verifying_key().to_public_key_pem(LineEnding::LF);
    let pem = pem.map_err(|error| Failure::Refused(format!("the public key has no PEM form: {error}")))?;
    if as_json {
        console::json(&json!({ "hex": hex, "pem": pem, "account": instance.account_id().to_string() }));
        return Ok(());
    }
    console::line(&format!("Public key (Ed25519), as apps embed it:\n{hex}\n"));
    console::line(pem.trim_end());
    console::line(&format!("\nAccount id on the wire: {}", instance.account_id()));
    Ok(())
}
