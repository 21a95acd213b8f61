//! Checks a license with `keygen-rs` 0.14, and activates it on this computer if need be.

use keygen_rs::{
    config::KeygenConfig,
    errors::Error,
    license::{License, LicenseValidationCode, LicenseValidationRequest},
};

/// The app's configuration. The account and the product can be left out.
pub fn config(server: &str, public_key: &str, license_key: &str) -> KeygenConfig {
    KeygenConfig {
        api_url: server.to_owned(),
        public_key: Some(public_key.to_owned()),
        license_key: Some(license_key.to_owned()),
        verify_keygen_signature: Some(true),
        ..KeygenConfig::default()
    }
}

/// The license, if it is valid on this computer.
pub async fn unlock(config: &KeygenConfig, fingerprint: &str) -> Result<Option<License>, Error> {
    let request = LicenseValidationRequest::for_fingerprint(fingerprint.to_owned());
    let answer = keygen_rs::validate_with_config(config.clone(), &request).await?;
    if answer.meta.valid {
        return Ok(answer.license);
    }
    let Some(license) = answer.license else { return Ok(None) };
    match LicenseValidationCode::parse(&answer.meta.code) {
        LicenseValidationCode::NoMachines
        | LicenseValidationCode::NoMachine
        | LicenseValidationCode::FingerprintScopeMismatch => {
            // Fails with MACHINE_LIMIT_EXCEEDED if the license is active on as many computers as it allows.
            license.activate(fingerprint, &[]).await?;
            Ok(Some(license))
        }
        // Suspended, expired and so on: show the code.
        _ => Ok(None),
    }
}
