//! The client of the activation API: every call leaves the record in a state that [`Client::standing`]
//! can be asked about, whatever happened to the call.

use std::{collections::BTreeSet, fmt, io};

use latchkey_licensing::{
    air_gap::{Action, AirGapRequest, MAX_BYTES},
    certificate::{FileKind, kind_of},
    claims::FileClaims,
    entitlement::EntitlementCode,
    ids::{LicenseId, ProductId},
    license_key::LicenseKey,
    machine::{Fingerprint, MachineFacts},
    time::Timestamp,
};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Unsigned},
    config::{Clock, Config, SystemClock},
    outcome::{ActivateError, EnterKeyError, Holder, Outcome, StartError},
    record::{Record, RecordError, Verdict},
    standing::{self, Standing},
    storage::Storage,
    transport::{HttpTransport, Request, Transport, Unreachable},
    verify::{Verifier, VerifyError},
};

const MEDIA_TYPE: &str = "application/vnd.api+json";

/// The codes with which a server says that this machine is not active, and could be.
const ACTIVATE_NOW: [&str; 4] = ["NO_MACHINE", "NO_MACHINES", "FINGERPRINT_SCOPE_MISMATCH", "MACHINE_SCOPE_MISMATCH"];

/// The most entitlements that are compared; the server's longest page.
const MAX_ENTITLEMENTS: usize = 100;

/// What a server said about a license.
struct Said {
    code: String,
    detail: String,
    is_valid: bool,
    license: Option<LicenseId>,
    product: Option<ProductId>,
    license_end: Option<String>,
    at: Timestamp,
}

/// The license of this app on this computer.
pub struct Client<S, T = HttpTransport, C = SystemClock> {
    config: Config,
    verifier: Verifier,
    fingerprint: Fingerprint,
    storage: S,
    transport: T,
    clock: C,
    record: Record,
    /// The license's id, once the server told it.
    license: Option<LicenseId>,
}

impl<S, T, C> fmt::Debug for Client<S, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api_url", &self.config.api_url).finish_non_exhaustive()
    }
}

impl<S: Storage> Client<S> {
    /// A client over HTTP and this computer's clock.
    pub fn new(config: Config, storage: S, fingerprint: Fingerprint) -> Result<Self, StartError> {
        Self::with(config, storage, fingerprint, HttpTransport::default(), SystemClock)
    }
}

impl<S: Storage, T: Transport, C: Clock> Client<S, T, C> {
    /// A client over a transport and a clock of one's own.
    pub fn with(
        config: Config,
        storage: S,
        fingerprint: Fingerprint,
        transport: T,
        clock: C,
    ) -> Result<Self, StartError> {
        if config.public_keys.is_empty() {
            return Err(StartError::NoPublicKey);
        }
        let record = match Record::read(storage.load()?.as_deref()) {
            // What cannot be read is gone: the person enters the key again.
            Err(RecordError::Unreadable) => Record::default(),
            other => other?,
        };
        let verifier = Verifier::new(config.public_keys.clone(), config.product);
        Ok(Self { config, verifier, fingerprint, storage, transport, clock, record, license: None })
    }

    /// May the app run? Asks nobody: the answer follows from what is remembered.
    pub fn standing(&self) -> Standing {
        standing::standing(&self.record, &self.verifier, &self.fingerprint, self.clock.now(), &self.config.terms)
    }

    /// The license key that was entered, masked: `CGPT-••••-••••-7F3K`.
    pub fn masked_key(&self) -> Option<String> {
        self.key().map(|key| latchkey_licensing::license_key::masked(key.prefix(), key.tail()))
    }

    /// What this computer is told apart by.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Takes a license key as people type it. Another key than the one before forgets the license that
    /// belonged to that.
    pub fn enter_key(&mut self, text: &str) -> Result<(), EnterKeyError> {
        let key = LicenseKey::parse(text)?;
        if self.record.key.as_deref() != Some(key.expose()) {
            self.record = Record { key: Some(key.expose().to_owned()), ..self.record.emptied() };
            self.license = None;
            self.save()?;
        }
        Ok(())
    }

    /// Activates this computer and keeps a machine file for working offline. Doing it again on an active
    /// computer only fetches a new file. For when the person asks for it, and when the standing is
    /// [`Standing::NotActivated`]: it needs the server, and starts of the app must not.
    pub fn activate(&mut self, facts: &MachineFacts) -> Result<Standing, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        // First whether the key is for this product at all: another one's place must not be taken.
        let said = self.ask(&key)?;
        // Other things may be told before the product is looked at, so the license itself is asked as well.
        let is_other = said.product.is_some_and(|product| product != self.config.product);
        if is_other || said.code == "PRODUCT_SCOPE_MISMATCH" {
            return Err(VerifyError::OtherProduct.into());
        }
        let answer = self.call("POST", "/machines", Some(self.activation(facts)), &key).map_err(silent)?;
        if !answer.is_success() && answer.error_code() != "FINGERPRINT_TAKEN" {
            return Err(self.refused(&answer)?);
        }
        self.check_out(&key)?;
        Ok(self.standing())
    }

    /// Asks the server about the license, with a nonce that the answer must repeat, and fetches a new
    /// file when the present one has passed half its time or tells another end or other entitlements than
    /// the server. What the server says is final: a signed "no" locks, a signed "yes" unlocks. Without an
    /// answer nothing changes. Where the policy waits for a heartbeat, one is sent first. Afterwards
    /// [`Self::standing`] tells whether the app may run. For a thread in the background, some times a day.
    pub fn refresh(&mut self) -> Result<Outcome, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        let mut said = match self.ask(&key) {
            Ok(said) => said,
            Err(why) => return Ok(Outcome::Silent { why: why.to_string() }),
        };
        // What the app can mend by itself is no verdict: it is mended, or waits for another time. One
        // thing may stand behind the other.
        for _ in 0..2 {
            let mended = match said.code.as_str() {
                "HEARTBEAT_NOT_STARTED" | "HEARTBEAT_DEAD" => self.heartbeat(),
                "OVERDUE" => self.check_in(),
                _ => break,
            };
            match mended {
                Ok(Outcome::Answered) => {}
                Ok(Outcome::Silent { why }) => return Ok(Outcome::Silent { why }),
                Err(error @ (ActivateError::Silent(_) | ActivateError::TooManyRequests { .. })) => {
                    return Ok(Outcome::Silent { why: error.to_string() });
                }
                Err(error @ ActivateError::Storage(_)) => return Err(error),
                // A machine beyond revival: it is not active any more.
                Err(ActivateError::NotActivated) => return Ok(Outcome::Answered),
                // A license that lost its good standing meanwhile: the verdict stands.
                Err(_) => break,
            }
            said = match self.ask(&key) {
                Ok(said) => said,
                Err(why) => return Ok(Outcome::Silent { why: why.to_string() }),
            };
        }
        // The nonce proves that the answer is of now: an earlier time that was later was wrong.
        self.record.latest_signed = Some(said.at);
        if said.is_valid {
            self.record.verdict = None;
            self.record.files_after = None;
            self.save()?;
            if self.needs_file(&said, &key) || self.standing().rights().is_none() {
                // The license is good; a file can be fetched another time.
                match self.check_out(&key) {
                    Ok(()) | Err(ActivateError::Silent(_) | ActivateError::TooManyRequests { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
            return Ok(Outcome::Answered);
        }
        let kind = self.record.file.as_deref().and_then(kind_of);
        let is_bound_to_none = self.config.terms.license_files && kind == Some(FileKind::License);
        if !ACTIVATE_NOW.contains(&said.code.as_str()) {
            self.record.verdict = Some(Verdict { code: said.code, detail: said.detail, at: said.at });
            self.record.end_files(said.at);
        } else if is_bound_to_none {
            // A license file is no computer's: that none is active says nothing against it, and that the
            // license is good again is said with it.
            if self.record.verdict.take().is_some() {
                self.record.files_after = None;
            }
        } else {
            self.is_not_active(said.at);
        }
        self.save()?;
        Ok(Outcome::Answered)
    }

    /// This computer is not active any more: freed here, in the portal, by the vendor, or because it was
    /// silent. Its files, also those that were put aside, are history.
    fn is_not_active(&mut self, at: Timestamp) {
        self.record.file = None;
        self.record.verdict = None;
        self.record.end_files(at);
    }

    /// The server's verdict on the license, here and now.
    fn ask(&mut self, key: &LicenseKey) -> Result<Said, ActivateError> {
        let nonce = nonce().map_err(ActivateError::Silent)?;
        let scope = json!({ "product": self.config.product.to_string(), "fingerprint": self.fingerprint.as_str() });
        let body = json!({ "meta": { "key": key.expose(), "scope": &scope, "nonce": nonce } });
        // Without a credential, so that the server tells what is wrong with the license instead of
        // refusing the key.
        let path = "/licenses/actions/validate-key";
        let answer = self.exchange("POST", path, Some(body), None).map_err(silent)?;
        if let Some(seconds) = answer.too_many() {
            return Err(ActivateError::TooManyRequests { seconds });
        }
        // That it is of now, and about this license on this computer: the question itself is not signed.
        let is_ours = answer.body.pointer("/meta/nonce").and_then(Value::as_u64) == Some(u64::from(nonce))
            && answer.body.pointer("/meta/scope") == Some(&scope)
            && answer.text("/data/attributes/key").is_none_or(|told| told == key.expose());
        if !is_ours {
            return Err(ActivateError::Silent(format!("the server answered {} without a verdict", answer.status)));
        }
        let license = answer.text("/data/id").and_then(|id| id.parse().ok());
        self.license = license.or(self.license);
        Ok(Said {
            license,
            product: answer.text("/data/relationships/product/data/id").and_then(|id| id.parse().ok()),
            code: answer.text("/meta/code").unwrap_or_default(),
            detail: answer.text("/meta/detail").unwrap_or_default(),
            is_valid: answer.body.pointer("/meta/valid") == Some(&Value::Bool(true)),
            license_end: answer.text("/data/attributes/expiry"),
            at: answer.at,
        })
    }

    /// Tells the server that the app is running, where its policy asks for heartbeats.
    pub fn heartbeat(&mut self) -> Result<Outcome, ActivateError> {
        let path = format!("{}/actions/ping", self.machine_path());
        self.tell("POST", &path, None)
    }

    /// Checks in, where the policy asks for it.
    pub fn check_in(&mut self) -> Result<Outcome, ActivateError> {
        self.tell("POST", "/licenses/{license}/actions/check-in", None)
    }

    /// Counts uses against the license's limit, where the policy has one.
    pub fn count_uses(&mut self, uses: u32) -> Result<Outcome, ActivateError> {
        let body = json!({ "meta": { "increment": uses } });
        self.tell("POST", "/licenses/{license}/actions/increment-usage", Some(body))
    }

    /// Frees this computer's place. Afterwards the app is not activated; the key stays.
    pub fn deactivate(&mut self) -> Result<Outcome, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        let path = self.machine_path();
        let answer = match self.call("DELETE", &path, None, &key) {
            Ok(answer) => answer,
            Err(why) => return Ok(Outcome::Silent { why: why.to_string() }),
        };
        // What is gone already is as good as freed.
        if !answer.is_success() && answer.error_code() != "NOT_FOUND" {
            return Err(self.refused(&answer)?);
        }
        self.is_not_active(answer.at);
        self.record.note_signed_time(answer.at);
        self.save()?;
        Ok(Outcome::Answered)
    }

    /// Forgets key and file; the clock's mark stays, and which files are history.
    pub fn forget(&mut self) -> io::Result<()> {
        self.record = self.record.emptied();
        self.license = None;
        self.save()
    }

    /// The request that activates this computer without a network: a person carries it to the portal
    /// and brings a machine file back, for [`Client::import_file`].
    pub fn request_activation(&self, facts: &MachineFacts) -> Result<AirGapRequest, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        let fingerprint = self.fingerprint.clone();
        carried(AirGapRequest::new(Action::Activate, fingerprint, facts.clone(), self.latest(), &key))
    }

    /// Throws this computer's file away and gives the request that frees its place without a network.
    pub fn request_deactivation(&mut self) -> Result<AirGapRequest, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        let fingerprint = self.fingerprint.clone();
        let request =
            carried(AirGapRequest::new(Action::Deactivate, fingerprint, MachineFacts::default(), self.latest(), &key))?;
        // First the file goes, then the request exists: the other way round, both could be kept. How late
        // it is, this computer's clock alone says, and a wrong one must not lock it out later: files are
        // history up to the latest time that is signed.
        let file = self.open_file().map(|claims| claims.issued_at);
        if let Some(latest) = file.into_iter().chain(self.record.latest_signed).max() {
            self.record.end_files(latest);
        }
        self.record.file = None;
        self.save()?;
        Ok(request)
    }

    /// Takes a machine file that a person brought; or a license file, if the app's terms say so. A file
    /// from before this computer was freed, or before the one at hand, is refused.
    pub fn import_file(&mut self, text: &str) -> Result<Standing, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        let claims = self.open(text, &key)?;
        let at_hand = self.open_file().filter(|at_hand| at_hand.license.id == claims.license.id);
        if self.record.is_history(claims.issued_at) || at_hand.is_some_and(|file| file.issued_at > claims.issued_at) {
            return Err(VerifyError::OutOfDate.into());
        }
        self.record.file = Some(text.to_owned());
        self.record.note_signed_time(claims.issued_at);
        if self.record.verdict.as_ref().is_some_and(|verdict| verdict.at < claims.issued_at) {
            self.record.verdict = None;
        }
        self.save()?;
        Ok(self.standing())
    }

    /// Now, and never before what the server signed.
    fn latest(&self) -> Timestamp {
        let now = self.clock.now();
        self.record.latest_signed.map_or(now, |latest| latest.max(now))
    }

    /// Opens a file on this app's terms.
    fn open(&self, text: &str, key: &LicenseKey) -> Result<FileClaims, VerifyError> {
        standing::open(&self.verifier, text, key, &self.fingerprint, self.latest(), &self.config.terms)
    }

    /// What the file at hand says, if there is a good one.
    fn open_file(&self) -> Option<FileClaims> {
        self.open(self.record.file.as_deref()?, &self.key()?).ok()
    }

    fn key(&self) -> Option<LicenseKey> {
        self.record.key.as_deref().and_then(|text| LicenseKey::parse(text).ok())
    }

    fn save(&mut self) -> io::Result<()> {
        self.storage.save(&self.record.to_text())
    }

    fn activation(&self, facts: &MachineFacts) -> Value {
        let metadata = facts.app_version.as_ref().map(|version| json!({ "appVersion": version }));
        let attributes = json!({
            "fingerprint": self.fingerprint.as_str(),
            "name": facts.name,
            "hostname": facts.hostname,
            "platform": facts.platform,
            "cores": facts.cores,
            "metadata": metadata.unwrap_or_else(|| json!({})),
        });
        json!({ "data": { "type": "machines", "attributes": attributes } })
    }

    /// Fetches a machine file, verifies it and keeps it.
    fn check_out(&mut self, key: &LicenseKey) -> Result<(), ActivateError> {
        let ttl = self.config.file_lasts.map_or_else(String::new, |lasts| format!("&ttl={}", lasts.as_secs()));
        let machine = self.machine_path();
        let path = format!("{machine}/actions/check-out?encrypt=1&include=license.entitlements{ttl}");
        let answer = self.call("POST", &path, None, key).map_err(silent)?;
        let file = answer.text("/data/attributes/certificate").filter(|_| answer.is_success());
        let Some(file) = file else {
            return Err(self.refused(&answer)?);
        };
        self.record.note_signed_time(answer.at);
        let now = self.clock.now().max(answer.at);
        let claims = self.verifier.open_machine_file(&file, key, &self.fingerprint, now)?;
        self.record.note_signed_time(claims.issued_at);
        self.record.file = Some(file);
        self.record.verdict = None;
        self.record.files_after = None;
        self.save()?;
        Ok(())
    }

    /// Whether there is no good machine file, or one that has passed half its time, or one that tells
    /// another end or other entitlements than the server does now. Of entitlements that the server does not
    /// tell, nothing is known.
    fn needs_file(&self, said: &Said, key: &LicenseKey) -> bool {
        let Some(claims) = self.open_file() else {
            return true;
        };
        let lasts = claims.expires_at.since(claims.issued_at);
        let held = || said.license.and_then(|license| self.entitlements(license, key));
        claims.machine.is_none()
            || self.latest().since(claims.issued_at) >= lasts / 2
            || claims.license.expires_at.map(Timestamp::rfc3339) != said.license_end
            || held().is_some_and(|held| held != claims.license.entitlements)
    }

    /// What the license carries now; `None` if the server does not tell, or more than fits a page.
    fn entitlements(&self, license: LicenseId, key: &LicenseKey) -> Option<BTreeSet<EntitlementCode>> {
        let path = format!("/licenses/{license}/entitlements?limit={MAX_ENTITLEMENTS}");
        let answer = self.call("GET", &path, None, key).ok().filter(Answer::is_success)?;
        let items = answer.body.get("data")?.as_array().filter(|items| items.len() < MAX_ENTITLEMENTS)?;
        let code = |item: &Value| EntitlementCode::parse(item.pointer("/attributes/code")?.as_str()?);
        items.iter().map(code).collect()
    }

    /// A call that changes nothing here but the clock's mark.
    fn tell(&mut self, method: &'static str, path: &str, body: Option<Value>) -> Result<Outcome, ActivateError> {
        let key = self.key().ok_or(ActivateError::NoKey)?;
        let path = match path.strip_prefix("/licenses/{license}") {
            // By its id, never by its key, which would stand in the log of every proxy.
            Some(rest) => format!("/licenses/{}{rest}", self.license_id(&key).ok_or(ActivateError::NotActivated)?),
            None => path.to_owned(),
        };
        match self.call(method, &path, body, &key) {
            Err(why) => Ok(Outcome::Silent { why: why.to_string() }),
            Ok(answer) if answer.is_success() => {
                self.record.note_signed_time(answer.at);
                self.save()?;
                Ok(Outcome::Answered)
            }
            Ok(answer) => Err(self.refused(&answer)?),
        }
    }

    /// The license's id, from the file, from what the server said, or from a signed key.
    fn license_id(&self, key: &LicenseKey) -> Option<LicenseId> {
        let from_file = self.open_file().map(|claims| claims.license.id);
        from_file.or(self.license).or_else(|| self.verifier.signed_key(key.expose()).ok().map(|claims| claims.license))
    }

    /// What a signed refusal means. A license that lost its good standing locks the app.
    fn refused(&mut self, answer: &Answer) -> Result<ActivateError, io::Error> {
        self.record.note_signed_time(answer.at);
        if let Some(seconds) = answer.too_many() {
            self.save()?;
            return Ok(ActivateError::TooManyRequests { seconds });
        }
        let (code, detail) = (answer.error_code().to_owned(), answer.error_detail());
        let error = match code.as_str() {
            "MACHINE_LIMIT_EXCEEDED" | "MACHINE_CORE_LIMIT_EXCEEDED" => ActivateError::LimitReached {
                detail,
                holders: holders(answer),
                portal_page: answer.text("/errors/0/links/about"),
            },
            _ if answer.status >= 500 => ActivateError::Silent(detail),
            "MACHINE_HEARTBEAT_DEAD" => {
                // Silent for too long, as after a night's sleep: nothing is wrong with the license.
                self.is_not_active(answer.at);
                ActivateError::NotActivated
            }
            "LICENSE_SUSPENDED" | "LICENSE_BANNED" | "LICENSE_EXPIRED" | "LICENSE_INVALID" => {
                let said = detail.trim_end_matches('.').to_owned();
                self.record.verdict = Some(Verdict { code: code.clone(), detail: said, at: answer.at });
                self.record.end_files(answer.at);
                ActivateError::Refused { code, detail }
            }
            _ => ActivateError::Refused { code, detail },
        };
        self.save()?;
        Ok(error)
    }

    fn call(&self, method: &'static str, path: &str, body: Option<Value>, key: &LicenseKey) -> Result<Answer, Silence> {
        self.exchange(method, path, body, Some(key))
    }

    /// Exchanges a request for a signed answer. The request's target is part of what is signed, and a
    /// number in it that nobody can foresee makes each its own: an answer that was signed another day, or
    /// for another question, does not verify.
    fn exchange(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
        key: Option<&LicenseKey>,
    ) -> Result<Answer, Silence> {
        let mut headers = vec![("accept", MEDIA_TYPE.to_owned()), ("user-agent", self.config.user_agent.clone())];
        if let Some(key) = key {
            headers.push(("authorization", format!("License {}", key.expose())));
        }
        if body.is_some() {
            headers.push(("content-type", MEDIA_TYPE.to_owned()));
        }
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}/v1{path}{mark}fresh={}", self.config.api_url, nonce().map_err(Silence::NoRandomness)?);
        let request = Request { method, url, headers, body: body.map(|body| body.to_string().into_bytes()) };
        let response = self.transport.send(&request)?;
        Ok(Answer::read(&request, &response, self.verifier.keys())?)
    }

    /// This machine in a path.
    fn machine_path(&self) -> String {
        format!("/machines/{}", escape(self.fingerprint.as_str()))
    }
}

/// A request that a person can carry.
fn carried(request: AirGapRequest) -> Result<AirGapRequest, ActivateError> {
    if request.to_text().len() > MAX_BYTES { Err(ActivateError::RequestTooLong) } else { Ok(request) }
}

/// A text as one segment of a path (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

/// Nothing came that can be believed.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    #[error("{0}")]
    NoRandomness(String),
}

fn silent(why: Silence) -> ActivateError {
    ActivateError::Silent(why.to_string())
}

fn holders(answer: &Answer) -> Vec<Holder> {
    let all = answer.body.pointer("/errors/0/meta/machines").and_then(Value::as_array);
    let text = |machine: &Value, name: &str| machine.get(name).and_then(Value::as_str).map(str::to_owned);
    all.into_iter()
        .flatten()
        .map(|machine| Holder {
            name: text(machine, "name").unwrap_or_default(),
            last_seen: text(machine, "lastSeen").and_then(|at| Timestamp::parse_rfc3339(&at)),
        })
        .collect()
}

/// A number that nobody can foresee, so that an old answer does not pass for a new one.
fn nonce() -> Result<u32, String> {
    let mut bytes = [0; 4];
    #[expect(clippy::disallowed_methods, reason = "this is where the client's randomness comes from")]
    getrandom::fill(&mut bytes).map_err(|_| "there is no randomness on this computer".to_owned())?;
    // Servers and clients of this protocol read a signed 32-bit number.
    Ok(u32::from_le_bytes(bytes) >> 1)
}
