//! Air-gap requests: a short text that a person carries from an offline computer to the portal.
//!
//! The format is `lk1.` + base64url(body) + `.` + eight check letters. The body contains the same facts as
//! an online activation, and an HMAC under the license key. The HMAC proves that the app that made the
//! request holds the key, and shows which license it is for, without revealing the key. White space is
//! ignored everywhere, because mail programs wrap long lines, as is what else happens to text on its way ([`crate::pasted`]). The check letters detect text that was
//! truncated or altered in transit.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    keys::{alphabet, license_key::LicenseKey},
    pasted,
    rules::{
        machine::{Fingerprint, MachineFacts, fact},
        policy::words,
    },
    time::Timestamp,
};

/// The longest request that is accepted, in bytes: short enough for a URL in any browser and proxy.
pub const MAX_BYTES: usize = 3_000;

const PREFIX: &str = "lk1.";
const CHECK_LETTERS: usize = 8;
const PURPOSE: &[u8] = b"latchkey air gap 1\n";

/// The start of the body's last member.
const PROOF_MEMBER: &str = ",\"s\":\"";

words! {
    /// What a request asks for.
    Action {
        /// Activate the machine and issue a machine file.
        Activate = "activate",
        /// Deactivate the machine. The app on it has deleted its file.
        Deactivate = "deactivate",
    }
}

/// A request made on an offline computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AirGapRequest {
    /// What the request asks for.
    pub action: Action,
    /// The fingerprint by which the app identifies the machine.
    pub fingerprint: Fingerprint,
    /// Facts about the machine for display in the portal.
    pub facts: MachineFacts,
    /// When the request was made, by the machine's clock, to the second.
    pub made_at: Timestamp,
    /// The JSON object that the proof covers, byte for byte, because writers may escape characters
    /// differently.
    signed: Vec<u8>,
    proof: [u8; 32],
}

/// Why a text is not a valid request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AirGapError {
    /// It does not start with `lk1.`.
    #[error("this is not a request: a request starts with lk1.")]
    Form,
    /// It is truncated, altered or malformed.
    #[error("the request is incomplete or was changed: copy all of it")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    a: Action,
    f: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<String>,
    /// Seconds since the Unix epoch.
    t: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<String>,
}

impl AirGapRequest {
    /// Creates a request with a proof under `key`.
    pub fn new(
        action: Action,
        fingerprint: Fingerprint,
        facts: MachineFacts,
        made_at: Timestamp,
        key: &LicenseKey,
    ) -> Self {
        let made_at = Timestamp::from_unix_micros(made_at.unix_micros().div_euclid(1_000_000) * 1_000_000);
        // As in an online activation, a fact that is too long or has control characters is left out rather
        // than making the whole request invalid.
        let kept = |text: Option<String>| text.as_deref().and_then(fact);
        let facts = MachineFacts {
            name: kept(facts.name),
            hostname: kept(facts.hostname),
            platform: kept(facts.platform),
            cores: facts.cores.filter(|cores| i32::try_from(*cores).is_ok()),
            app_version: kept(facts.app_version),
            // Requests carry only what the portal shows.
            ..MachineFacts::default()
        };
        let body = Body {
            a: action,
            f: fingerprint.as_str().to_owned(),
            n: facts.name.clone(),
            h: facts.hostname.clone(),
            p: facts.platform.clone(),
            c: facts.cores,
            v: facts.app_version.clone(),
            t: made_at.unix_micros().div_euclid(1_000_000),
            s: None,
        };
        // Strings and numbers always serialize.
        let signed = serde_json::to_vec(&body).unwrap_or_default();
        let proof = mac(key, &signed).finalize().into_bytes().into();
        Self { action, fingerprint, facts, made_at, signed, proof }
    }

    /// Whether the request was made by an app that holds this key.
    pub fn is_by_holder_of(&self, key: &LicenseKey) -> bool {
        mac(key, &self.signed).verify_slice(&self.proof).is_ok()
    }

    /// The request as text.
    pub fn to_text(&self) -> String {
        let mut body = self.signed.strip_suffix(b"}").unwrap_or(&self.signed).to_vec();
        body.extend_from_slice(format!("{PROOF_MEMBER}{}\"}}", URL_SAFE_NO_PAD.encode(self.proof)).as_bytes());
        let body = URL_SAFE_NO_PAD.encode(body);
        format!("{PREFIX}{body}.{}", check_letters(&body))
    }

    /// Parses the text of a request. The proof is not checked; see [`Self::is_by_holder_of`].
    pub fn parse(text: &str) -> Result<Self, AirGapError> {
        if text.len() > 4 * MAX_BYTES {
            return Err(AirGapError::Damaged);
        }
        // Mail programs put `>` before quoted lines.
        let text = pasted::compact(&text.replace('>', ""));
        let rest = text.strip_prefix(PREFIX).ok_or(AirGapError::Form)?;
        let (body, check) = rest.split_once('.').ok_or(AirGapError::Damaged)?;
        if text.len() > MAX_BYTES || check_letters(body) != check.to_ascii_uppercase() {
            return Err(AirGapError::Damaged);
        }
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| AirGapError::Damaged)?;
        // The proof is the last member, so the bytes that it covers can be cut out unchanged.
        let written = std::str::from_utf8(&body).map_err(|_| AirGapError::Damaged)?;
        let (unsigned, rest) = written.rsplit_once(PROOF_MEMBER).ok_or(AirGapError::Damaged)?;
        if rest.strip_suffix("\"}").is_none_or(|proof| proof.contains(['"', '\\'])) {
            return Err(AirGapError::Damaged);
        }
        let signed = format!("{unsigned}}}").into_bytes();
        let body: Body = serde_json::from_slice(&body).map_err(|_| AirGapError::Damaged)?;
        let proof = body.s.and_then(|proof| URL_SAFE_NO_PAD.decode(proof).ok()?.try_into().ok());
        let seconds = body.t.checked_mul(1_000_000).ok_or(AirGapError::Damaged)?;
        let text = |given: Option<String>| match given {
            None => Ok(None),
            Some(given) => fact(&given).map(Some).ok_or(AirGapError::Damaged),
        };
        Ok(Self {
            action: body.a,
            fingerprint: Fingerprint::parse(&body.f).ok_or(AirGapError::Damaged)?,
            facts: MachineFacts {
                name: text(body.n)?,
                hostname: text(body.h)?,
                platform: text(body.p)?,
                cores: body.c.filter(|cores| i32::try_from(*cores).is_ok()),
                app_version: text(body.v)?,
                ..MachineFacts::default()
            },
            made_at: Timestamp::from_unix_micros(seconds),
            signed,
            proof: proof.ok_or(AirGapError::Damaged)?,
        })
    }
}

fn mac(key: &LicenseKey, signed: &[u8]) -> Hmac<Sha256> {
    // HMAC accepts keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&[0; 64].into()));
    mac.update(PURPOSE);
    mac.update(signed);
    mac
}

fn check_letters(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().take(CHECK_LETTERS).map(|byte| alphabet::letter(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::license_key::{KEY_RANDOM_BYTES, KeyPrefix};
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp::from_unix_micros(1_795_435_200_123_456);

    fn key(seed: u8) -> LicenseKey {
        LicenseKey::new(&KeyPrefix::parse("CGPT").expect("valid"), &[seed; KEY_RANDOM_BYTES])
    }

    fn request() -> AirGapRequest {
        let facts = MachineFacts {
            name: Some("Büro".to_owned()),
            platform: Some("Windows 11".to_owned()),
            cores: Some(8),
            ..MachineFacts::default()
        };
        AirGapRequest::new(Action::Activate, Fingerprint::parse(&"ab".repeat(32)).expect("valid"), facts, T0, &key(1))
    }

    #[test]
    fn a_request_survives_wrapping_and_white_space() {
        let request = request();
        let text = request.to_text();
        assert!(text.len() < 400, "{}", text.len());
        let wrapped: String = text
            .chars()
            .enumerate()
            .flat_map(|(at, letter)| {
                let end = if at % 60 == 59 { Some('\n') } else { None };
                [Some(letter), end].into_iter().flatten()
            })
            .collect();
        for carried in [text.clone(), format!("  {text}\r\n"), wrapped] {
            let read = AirGapRequest::parse(&carried).expect("valid");
            assert_eq!(read, request);
            assert!(read.is_by_holder_of(&key(1)) && !read.is_by_holder_of(&key(2)));
        }
        assert!(!text.contains(key(1).expose()));
    }

    #[test]
    fn changed_requests_fail_the_proof() {
        for (from, to) in [("\"activate\"", "\"deactivate\""), ("Windows", "windows"), ("\"c\":8", "\"c\":9")] {
            let changed = rewritten(&request(), |body| body.replacen(from, to, 1));
            let read = AirGapRequest::parse(&changed).expect("well formed");
            assert_ne!(read, request());
            assert!(!read.is_by_holder_of(&key(1)), "{from}");
        }
    }

    /// The request's text with a changed body and correct check letters.
    fn rewritten(request: &AirGapRequest, change: impl FnOnce(String) -> String) -> String {
        let text = request.to_text();
        let body = text.strip_prefix(PREFIX).and_then(|rest| rest.split('.').next()).expect("a body");
        let body = String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("text");
        let body = URL_SAFE_NO_PAD.encode(change(body));
        format!("{PREFIX}{body}.{}", check_letters(&body))
    }

    /// Members after the proof are not covered by it, so they are rejected.
    #[test]
    fn nothing_may_follow_the_proof() {
        let changed = rewritten(&request(), |body| body.replace("\"}", "\",\"v\":\"9.9\"}"));
        assert_eq!(AirGapRequest::parse(&changed), Err(AirGapError::Damaged));
    }

    /// JSON libraries escape different characters; the proof covers what was written.
    #[test]
    fn json_escaping_does_not_matter() {
        let escaped = r#"{"a":"activate","f":"x\u00fc","n":"B\u00fcro \u0026 Co","t":1795435200"#;
        let proof = URL_SAFE_NO_PAD.encode(mac(&key(1), format!("{escaped}}}").as_bytes()).finalize().into_bytes());
        let body = URL_SAFE_NO_PAD.encode(format!("{escaped},\"s\":\"{proof}\"}}"));
        let read = AirGapRequest::parse(&format!("{PREFIX}{body}.{}", check_letters(&body))).expect("valid");
        assert_eq!((read.facts.name.as_deref(), read.fingerprint.as_str()), (Some("Büro & Co"), "xü"));
        assert!(read.is_by_holder_of(&key(1)));
        assert_eq!(AirGapRequest::parse(&read.to_text()), Ok(read));
    }

    /// Facts that an online activation would ignore or reject do not invalidate the request.
    #[test]
    fn facts_that_cannot_be_carried_are_left_out() {
        let facts = MachineFacts {
            name: Some(String::new()),
            hostname: Some("x".repeat(256)),
            platform: Some("a\nb".to_owned()),
            cores: Some(u32::MAX),
            app_version: Some("1.0".to_owned()),
            ..MachineFacts::default()
        };
        let request =
            AirGapRequest::new(Action::Activate, Fingerprint::parse("fp").expect("valid"), facts, T0, &key(1));
        let read = AirGapRequest::parse(&request.to_text()).expect("valid");
        assert_eq!(read.facts, MachineFacts { app_version: Some("1.0".to_owned()), ..MachineFacts::default() });
        assert!(read.is_by_holder_of(&key(1)));
    }

    #[test]
    fn damaged_requests_are_distinguished_from_other_text() {
        let text = request().to_text();
        for (bad, error) in [
            (String::new(), AirGapError::Form),
            ("CGPT-0000".to_owned(), AirGapError::Form),
            (text[..text.len() - 1].to_owned(), AirGapError::Damaged),
            (text[..100].to_owned(), AirGapError::Damaged),
            (text.replacen('A', "B", 1), AirGapError::Damaged),
            (format!("{text}{text}"), AirGapError::Damaged),
            (format!("lk1.{}", "A".repeat(MAX_BYTES * 2)), AirGapError::Damaged),
        ] {
            assert_eq!(AirGapRequest::parse(&bad), Err(error), "{bad:.40}");
        }
        // Correct check letters, but a malformed body.
        for body in ["{}", "null", r#"{"a":"activate","f":"","t":0,"s":""}"#, r#"{"a":"erase","f":"x","t":0}"#] {
            let body = URL_SAFE_NO_PAD.encode(body);
            let text = format!("lk1.{body}.{}", check_letters(&body));
            assert_eq!(AirGapRequest::parse(&text), Err(AirGapError::Damaged));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(lk1\\.)?[A-Za-z0-9_.\\- \n-]{0,200}") {
            let _ = AirGapRequest::parse(&text);
        }
    }
}
