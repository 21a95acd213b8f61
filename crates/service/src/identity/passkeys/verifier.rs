//! Challenges for authenticators, and the verification of their responses. Only this module knows the library that does
//! it. States and credentials are JSON to everyone else.
//!
//! User verification is required, and the library checks its flag (SU-02). The origin and the relying party's id come
//! from the settings, never from a request. Responses of authenticators are refused for a wrong origin, relying party,
//! challenge or signature, for a counter that does not grow, and from frames of other sites (SU-09).

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
    WebauthnError,
};

use crate::error::Internal;

/// A challenge: what the browser gets, and what the server keeps to verify the response.
#[derive(Debug)]
pub(crate) struct Challenge {
    /// The options for the browser, as JSON.
    pub(crate) options: String,
    /// The state of the ceremony, as JSON.
    pub(crate) state: String,
}

/// The person for whom a passkey is created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasskeyOwner<'a> {
    pub(crate) id: Uuid,
    /// Shown by authenticators.
    pub(crate) email: &'a str,
    /// Shown by authenticators.
    pub(crate) name: &'a str,
}

/// A credential after it was created or used.
#[derive(Debug)]
pub(crate) struct VerifiedCredential {
    pub(crate) id: Vec<u8>,
    /// What is needed to verify the next response, as JSON.
    pub(crate) credential: String,
    pub(crate) sign_count: u32,
}

/// Why an authenticator's response was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyRefusal {
    /// The response cannot be parsed.
    Malformed,
    /// There is no open ceremony for this purpose, session and account: it is used, expired, or of another.
    NoCeremony,
    /// The response is for another challenge.
    WrongChallenge,
    /// The response is for another kind of ceremony.
    WrongType,
    /// The response was made on another site.
    WrongOrigin,
    /// The response was made in a frame of another site.
    CrossOrigin,
    /// The response is for another relying party.
    WrongRelyingParty,
    /// The authenticator did not verify its user, or nobody was present.
    UserNotVerified,
    /// The passkey is unknown, or another account's.
    UnknownPasskey,
    /// The counter did not grow: the authenticator may have been copied.
    Counter,
    /// The signature is wrong, or the response contradicts itself.
    Signature,
}

/// Why a response was not verified.
#[derive(Debug)]
pub(crate) enum VerifyError {
    Refused(PasskeyRefusal),
    Internal(Internal),
}

impl From<Internal> for VerifyError {
    fn from(error: Internal) -> Self {
        Self::Internal(error)
    }
}

impl From<PasskeyRefusal> for VerifyError {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<WebauthnError> for VerifyError {
    fn from(error: WebauthnError) -> Self {
        Self::Refused(match error {
            WebauthnError::InvalidClientDataType => PasskeyRefusal::WrongType,
            WebauthnError::MismatchedChallenge => PasskeyRefusal::WrongChallenge,
            WebauthnError::InvalidRPOrigin => PasskeyRefusal::WrongOrigin,
            WebauthnError::CredentialCrossOrigin => PasskeyRefusal::CrossOrigin,
            WebauthnError::InvalidRPIDHash => PasskeyRefusal::WrongRelyingParty,
            WebauthnError::UserNotPresent | WebauthnError::UserNotVerified => PasskeyRefusal::UserNotVerified,
            WebauthnError::CredentialNotFound => PasskeyRefusal::UnknownPasskey,
            WebauthnError::CredentialPossibleCompromise => PasskeyRefusal::Counter,
            WebauthnError::ParseBase64Failure(_)
            | WebauthnError::ParseCBORFailure(_)
            | WebauthnError::ParseJSONFailure(_)
            | WebauthnError::ParseNOMFailure
            | WebauthnError::ParseInsufficientBytesAvailable => PasskeyRefusal::Malformed,
            _ => PasskeyRefusal::Signature,
        })
    }
}

/// Verifies passkeys of one origin.
#[derive(Debug)]
pub(crate) struct Verifier(Webauthn);

impl Verifier {
    /// The verifier for an origin. `None` if its host is an IP address, for which browsers do not create passkeys.
    pub(crate) fn new(origin: &str, vendor: &str) -> Option<Self> {
        let origin = Url::parse(origin).ok()?;
        let host = origin.domain()?;
        let builder = WebauthnBuilder::new(host, &origin).ok()?.rp_name(vendor);
        Some(Self(builder.build().ok()?))
    }

    /// Begins to create a passkey. Authenticators refuse to create a second one beside any of `existing`.
    pub(crate) fn start_enrollment(
        &self,
        owner: PasskeyOwner<'_>,
        existing: Vec<Vec<u8>>,
    ) -> Result<Challenge, Internal> {
        let started = self.0.start_passkey_registration(owner.id, owner.email, owner.name, Some(existing));
        let (options, state) = started.map_err(|_| Internal::Invariant("a passkey's challenge cannot be made"))?;
        let mut options = browser_options(&options)?;
        // A discoverable passkey can sign in without an address. Small authenticators may have no room for one.
        if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
            selection.insert("residentKey".to_owned(), json!("preferred"));
        }
        Ok(Challenge { options: options.to_string(), state: to_json(&state)? })
    }

    /// Verifies a new passkey.
    pub(crate) fn finish_enrollment(&self, response: &str, state: &str) -> Result<VerifiedCredential, VerifyError> {
        let state: PasskeyRegistration = from_json("a passkey's ceremony", state)?;
        let response: RegisterPublicKeyCredential =
            serde_json::from_str(response).map_err(|_| PasskeyRefusal::Malformed)?;
        refuse_other_frames(&response.response.client_data_json)?;
        let passkey = self.0.finish_passkey_registration(&response, &state)?;
        let credential = to_json(&passkey)?;
        let sign_count = stored_count(&credential);
        Ok(VerifiedCredential { id: passkey.cred_id().clone(), credential, sign_count })
    }

    /// Asks for any of these passkeys.
    pub(crate) fn start_confirmation(&self, credentials: &[&str]) -> Result<Challenge, Internal> {
        let passkeys: Vec<Passkey> =
            credentials.iter().map(|credential| from_json("a passkey", credential)).collect::<Result<_, _>>()?;
        let started = self.0.start_passkey_authentication(&passkeys);
        let (options, state) = started.map_err(|_| Internal::Invariant("a passkey's challenge cannot be made"))?;
        Ok(Challenge { options: browser_options(&options)?.to_string(), state: to_json(&state)? })
    }

    /// Verifies that one of the passkeys that were asked for was used. `credential` returns what is stored about it.
    pub(crate) fn finish_confirmation<'c>(
        &self,
        response: &str,
        state: &str,
        credential: impl Fn(&[u8]) -> Option<&'c str>,
    ) -> Result<VerifiedCredential, VerifyError> {
        let state: PasskeyAuthentication = from_json("a passkey's ceremony", state)?;
        let response = parse_response(response)?;
        let passkey: Passkey =
            from_json("a passkey", credential(response.get_credential_id()).ok_or(PasskeyRefusal::UnknownPasskey)?)?;
        let result = self.0.finish_passkey_authentication(&response, &state)?;
        after_use(passkey, &result)
    }

    /// Asks for any passkey that the authenticator has for this site.
    pub(crate) fn start_sign_in(&self) -> Result<Challenge, Internal> {
        let started = self.0.start_discoverable_authentication();
        let (options, state) = started.map_err(|_| Internal::Invariant("a passkey's challenge cannot be made"))?;
        Ok(Challenge { options: browser_options(&options)?.to_string(), state: to_json(&state)? })
    }

    /// The id of the credential that a response claims to be of.
    pub(crate) fn claimed_credential(response: &str) -> Result<Vec<u8>, PasskeyRefusal> {
        Ok(parse_response(response)?.get_credential_id().to_vec())
    }

    /// Verifies that this passkey was used to sign in.
    pub(crate) fn finish_sign_in(
        &self,
        response: &str,
        state: &str,
        credential: &str,
    ) -> Result<VerifiedCredential, VerifyError> {
        let state: DiscoverableAuthentication = from_json("a passkey's ceremony", state)?;
        let response = parse_response(response)?;
        let passkey: Passkey = from_json("a passkey", credential)?;
        if passkey.cred_id().as_slice() != response.get_credential_id() {
            return Err(PasskeyRefusal::UnknownPasskey.into());
        }
        let key = DiscoverableKey::from(&passkey);
        let result = self.0.finish_discoverable_authentication_v2(&response, state, &key)?;
        after_use(passkey, &result)
    }
}

fn after_use(mut passkey: Passkey, result: &AuthenticationResult) -> Result<VerifiedCredential, VerifyError> {
    if !result.user_verified() {
        return Err(PasskeyRefusal::UserNotVerified.into());
    }
    if passkey.update_credential(result).is_none() {
        return Err(PasskeyRefusal::UnknownPasskey.into());
    }
    let (id, credential) = (passkey.cred_id().clone(), to_json(&passkey)?);
    Ok(VerifiedCredential { id, credential, sign_count: result.counter() })
}

fn parse_response(response: &str) -> Result<PublicKeyCredential, PasskeyRefusal> {
    let response: PublicKeyCredential = serde_json::from_str(response).map_err(|_| PasskeyRefusal::Malformed)?;
    refuse_other_frames(&response.response.client_data_json)?;
    Ok(response)
}

/// The library checks this only for new passkeys.
fn refuse_other_frames(client_data: &[u8]) -> Result<(), PasskeyRefusal> {
    #[derive(Deserialize)]
    struct ClientData {
        #[serde(rename = "crossOrigin", default)]
        cross_origin: Option<bool>,
        #[serde(rename = "topOrigin", default)]
        top_origin: Option<String>,
    }
    let data: ClientData = serde_json::from_slice(client_data).map_err(|_| PasskeyRefusal::Malformed)?;
    if data.cross_origin == Some(true) || data.top_origin.is_some() {
        return Err(PasskeyRefusal::CrossOrigin);
    }
    Ok(())
}

/// The options inside the library's document.
fn browser_options(document: &impl Serialize) -> Result<Value, Internal> {
    let mut document = serde_json::to_value(document).map_err(|why| damaged("a passkey's challenge", why))?;
    document.get_mut("publicKey").map(Value::take).ok_or(Internal::Invariant("a passkey's challenge has no options"))
}

/// The counter of a credential that was just created.
fn stored_count(credential: &str) -> u32 {
    let value: Value = serde_json::from_str(credential).unwrap_or_default();
    let count = value.pointer("/cred/counter").and_then(Value::as_u64);
    count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
}

fn to_json(value: &impl Serialize) -> Result<String, Internal> {
    serde_json::to_string(value).map_err(|why| damaged("a passkey's ceremony", why))
}

fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Internal> {
    serde_json::from_str(text).map_err(|why| damaged(what, why))
}

fn damaged(what: &str, why: serde_json::Error) -> Internal {
    Internal::Document { what: what.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn su_09_the_relying_party_is_the_configured_host() {
        let verifier = Verifier::new("https://portal.example.com", "Acme").expect("a verifier");
        let owner = PasskeyOwner { id: Uuid::nil(), email: "ada@example.com", name: "Ada" };
        let challenge = verifier.start_enrollment(owner, vec![vec![7; 16]]).expect("a challenge");
        let options: Value = serde_json::from_str(&challenge.options).expect("JSON");
        assert_eq!(options["rp"], json!({ "id": "portal.example.com", "name": "Acme" }));
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "preferred");
        assert_eq!(options["excludeCredentials"][0]["id"], "BwcHBwcHBwcHBwcHBwcHBw");
        let sign_in: Value =
            serde_json::from_str(&verifier.start_sign_in().expect("a challenge").options).expect("JSON");
        assert_eq!(sign_in["userVerification"], "required");
        // At least 128 bits (SU-04): 32 bytes are 43 letters in base64url.
        assert_eq!(sign_in["challenge"].as_str().map(str::len), Some(43));
    }

    #[test]
    fn browsers_make_no_passkeys_for_ip_addresses() {
        assert!(Verifier::new("http://127.0.0.1:3000", "Acme").is_none());
        assert!(Verifier::new("http://localhost:3000", "Acme").is_some());
    }
}
