//! The client of the activation API. Whether a call succeeds or fails, it leaves the record consistent, so that
//! [`Client::access`] can be called at any time.

use std::{collections::BTreeSet, fmt, io, time::Duration};

use latchkey_licensing::{
    air_gap::{Action, AirGapRequest, MAX_BYTES},
    certificate::{FileKind, kind_of},
    claims::FileClaims,
    entitlement::EntitlementCode,
    ids::{LicenseId, ProductId},
    license_key::LicenseKey,
    machine::{Fingerprint, MachineFacts},
    pasted_file,
    time::Timestamp,
};
use serde_json::{Value, json};

use crate::{
    access::{self, Access},
    config::{Clock, Config, SystemClock},
    outcome::{ActiveMachine, ClientError, EnterKeyError, Outcome, StartError},
    record::{Record, RecordError, Verdict},
    signed_response::{SignedResponse, Unsigned},
    storage::Storage,
    transport::{HttpTransport, Request, Transport, Unreachable},
    verify::{Verifier, VerifyError},
};

const MEDIA_TYPE: &str = "application/vnd.api+json";

/// Validation codes that mean that the license is not active on this machine.
const NOT_ACTIVATED_CODES: [&str; 4] =
    ["NO_MACHINE", "NO_MACHINES", "FINGERPRINT_SCOPE_MISMATCH", "MACHINE_SCOPE_MISMATCH"];

/// The largest page that the server sends. More entitlements than this are not compared.
const MAX_ENTITLEMENTS: usize = 100;

/// The server's response to a validation.
struct Validation {
    code: String,
    detail: String,
    is_valid: bool,
    license: Option<LicenseId>,
    product: Option<ProductId>,
    license_end: Option<String>,
    at: Timestamp,
}

/// The license of an app on this computer.
pub struct Client<S, T = HttpTransport, C = SystemClock> {
    config: Config,
    verifier: Verifier,
    fingerprint: Fingerprint,
    storage: S,
    transport: T,
    clock: C,
    record: Record,
    /// The license's id from the last validation. `None` before the first.
    license: Option<LicenseId>,
}

impl<S, T, C> fmt::Debug for Client<S, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api_url", &self.config.api_url).finish_non_exhaustive()
    }
}

impl<S: Storage> Client<S> {
    /// Creates a client that uses HTTP and this computer's clock.
    pub fn new(config: Config, storage: S, fingerprint: Fingerprint) -> Result<Self, StartError> {
        Self::with(config, storage, fingerprint, HttpTransport::default(), SystemClock)
    }
}

impl<S: Storage, T: Transport, C: Clock> Client<S, T, C> {
    /// Creates a client with a custom transport and clock.
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
            // A damaged record is discarded, and the user enters the key again.
            Err(RecordError::Unreadable) => Record::default(),
            other => other?,
        };
        let verifier = Verifier::new(config.public_keys.clone(), config.product);
        Ok(Self { config, verifier, fingerprint, storage, transport, clock, record, license: None })
    }

    /// Whether the app may run. Decides from the record and the clock, without contacting the server.
    pub fn access(&self) -> Access {
        access::decide(&self.record, &self.verifier, &self.fingerprint, self.clock.now(), &self.config.offline)
    }

    /// The entered license key in masked form: `CGPT-••••-••••-7F3K`. `None` if there is none.
    pub fn masked_key(&self) -> Option<String> {
        self.key().map(|key| latchkey_licensing::license_key::masked(key.prefix(), key.tail()))
    }

    /// The fingerprint that identifies this computer.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Stores a license key as the user typed it. A different key replaces the previous one and its license.
    pub fn enter_key(&mut self, text: &str) -> Result<(), EnterKeyError> {
        let key = LicenseKey::parse(text)?;
        if self.record.key.as_deref() != Some(key.expose()) {
            self.record = Record { key: Some(key.expose().to_owned()), ..self.record.cleared() };
            self.license = None;
            self.save()?;
        }
        Ok(())
    }

    /// Activates this computer and stores a machine file for offline use. On a computer that is already active it
    /// only fetches a new file.
    ///
    /// Call this when the user enters a key or asks to activate, not on every start: it needs the server.
    pub fn activate(&mut self, facts: &MachineFacts) -> Result<Access, ClientError> {
        let key = self.key().ok_or(ClientError::NoKey)?;
        // First check that the key is for this product, so as not to use up an activation of another one.
        let validation = self.validate(&key)?;
        // Checks that precede the product's may have failed, so look at the license in the response as well.
        let is_other = validation.product.is_some_and(|product| product != self.config.product);
        if is_other || validation.code == "PRODUCT_SCOPE_MISMATCH" {
            return Err(VerifyError::WrongProduct.into());
        }
        let response = self.call("POST", "/machines", Some(self.activation_body(facts)), &key).map_err(no_response)?;
        if !response.is_success() && response.error_code() != "FINGERPRINT_TAKEN" {
            return Err(self.handle_refusal(&response)?);
        }
        self.check_out(&key)?;
        Ok(self.access())
    }

    /// Validates the license with the server and updates the record. Afterwards [`Self::access`] says whether the
    /// app may run.
    ///
    /// A signed refusal locks the app and a signed confirmation unlocks it. Without a trustworthy response nothing
    /// changes. Heartbeats and check-ins that the policy requires are sent. A new machine file is fetched if the
    /// current one is past half of its time to live, or if its expiry or entitlements differ from the server's.
    ///
    /// Call this in the background, a few times a day.
    pub fn refresh(&mut self) -> Result<Outcome, ClientError> {
        let key = self.key().ok_or(ClientError::NoKey)?;
        let mut validation = match self.validate(&key) {
            Ok(validation) => validation,
            Err(reason) => return Ok(Outcome::NoResponse { reason: reason.to_string() }),
        };
        // A missing heartbeat or check-in is not a refusal: the app sends it and validates again. The second try is
        // for a license that needs both.
        for _ in 0..2 {
            let sent = match validation.code.as_str() {
                "HEARTBEAT_NOT_STARTED" | "HEARTBEAT_DEAD" => self.heartbeat(),
                "OVERDUE" => self.check_in(),
                _ => break,
            };
            match sent {
                Ok(Outcome::Responded) => {}
                Ok(Outcome::NoResponse { reason }) => return Ok(Outcome::NoResponse { reason }),
                Err(error @ (ClientError::NoResponse(_) | ClientError::TooManyRequests { .. })) => {
                    return Ok(Outcome::NoResponse { reason: error.to_string() });
                }
                Err(error @ ClientError::Storage(_)) => return Err(error),
                // The machine is dead and cannot be resurrected.
                Err(ClientError::NotActivated) => return Ok(Outcome::Responded),
                // The license was refused in the meantime: keep that verdict.
                Err(_) => break,
            }
            validation = match self.validate(&key) {
                Ok(validation) => validation,
                Err(reason) => return Ok(Outcome::NoResponse { reason: reason.to_string() }),
            };
        }
        // The nonce proves that the response is current, so a later signed time in the record was wrong.
        self.record.latest_signed = Some(validation.at);
        if validation.is_valid {
            self.record.verdict = None;
            self.record.files_after = None;
            self.save()?;
            if self.needs_new_file(&validation, &key) || self.access().rights().is_none() {
                // The license is valid. If the server is unreachable now, the file can be fetched later.
                match self.check_out(&key) {
                    Ok(()) | Err(ClientError::NoResponse(_) | ClientError::TooManyRequests { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
            return Ok(Outcome::Responded);
        }
        let kind = self.record.file.as_deref().and_then(kind_of);
        let is_license_file = self.config.offline.accept_license_files && kind == Some(FileKind::License);
        if !NOT_ACTIVATED_CODES.contains(&validation.code.as_str()) {
            let at = end_of_second(validation.at);
            self.record.verdict = Some(Verdict { code: validation.code, detail: validation.detail, at });
            self.record.supersede_files(at);
        } else if is_license_file {
            // A license file does not need an active computer. The code also implies that the license is no longer
            // refused.
            if self.record.verdict.take().is_some() {
                self.record.files_after = None;
            }
        } else {
            self.mark_deactivated(end_of_second(validation.at));
        }
        self.save()?;
        Ok(Outcome::Responded)
    }

    /// Records that this computer is no longer active: the app, the customer, the vendor or a missed heartbeat
    /// deactivated it. Its earlier files are superseded, including copies.
    fn mark_deactivated(&mut self, at: Timestamp) {
        self.record.file = None;
        self.record.verdict = None;
        self.record.supersede_files(at);
    }

    /// Validates the license for this product and computer.
    fn validate(&mut self, key: &LicenseKey) -> Result<Validation, ClientError> {
        let nonce = nonce().map_err(ClientError::NoResponse)?;
        let scope = json!({ "product": self.config.product.to_string(), "fingerprint": self.fingerprint.as_str() });
        let body = json!({ "meta": { "key": key.expose(), "scope": &scope, "nonce": nonce } });
        // Without a credential, because with one the server would reject the key instead of saying what is wrong
        // with the license.
        let path = "/licenses/actions/validate-key";
        let response = self.exchange("POST", path, Some(body), None).map_err(no_response)?;
        if let Some(seconds) = response.too_many() {
            return Err(ClientError::TooManyRequests { seconds });
        }
        // The request body is not signed, so check that the response is current and about this license and computer.
        let is_ours = response.body.pointer("/meta/nonce").and_then(Value::as_u64) == Some(u64::from(nonce))
            && response.body.pointer("/meta/scope") == Some(&scope)
            && response.text("/data/attributes/key").is_none_or(|in_response| in_response == key.expose());
        if !is_ours {
            return Err(ClientError::NoResponse(format!(
                "the server responded with {} but without a verdict",
                response.status
            )));
        }
        let license = response.text("/data/id").and_then(|id| id.parse().ok());
        self.license = license.or(self.license);
        Ok(Validation {
            license,
            product: response.text("/data/relationships/product/data/id").and_then(|id| id.parse().ok()),
            code: response.text("/meta/code").unwrap_or_default(),
            detail: response.text("/meta/detail").unwrap_or_default(),
            is_valid: response.body.pointer("/meta/valid") == Some(&Value::Bool(true)),
            license_end: response.text("/data/attributes/expiry"),
            at: response.at,
        })
    }

    /// Sends a heartbeat. Only needed if the policy requires heartbeats.
    pub fn heartbeat(&mut self) -> Result<Outcome, ClientError> {
        let path = format!("{}/actions/ping", self.machine_path());
        self.send("POST", &path, None)
    }

    /// Checks in. Only needed if the policy requires check-ins.
    pub fn check_in(&mut self) -> Result<Outcome, ClientError> {
        self.send("POST", "/licenses/{license}/actions/check-in", None)
    }

    /// Adds uses to the license's usage counter.
    pub fn count_uses(&mut self, uses: u32) -> Result<Outcome, ClientError> {
        let body = json!({ "meta": { "increment": uses } });
        self.send("POST", "/licenses/{license}/actions/increment-usage", Some(body))
    }

    /// Deactivates this computer, so that the license can be activated on another. The key is kept.
    pub fn deactivate(&mut self) -> Result<Outcome, ClientError> {
        let key = self.key().ok_or(ClientError::NoKey)?;
        let path = self.machine_path();
        let response = match self.call("DELETE", &path, None, &key) {
            Ok(response) => response,
            Err(reason) => return Ok(Outcome::NoResponse { reason: reason.to_string() }),
        };
        // A machine that the server does not know is already deactivated.
        if !response.is_success() && response.error_code() != "NOT_FOUND" {
            return Err(self.handle_refusal(&response)?);
        }
        self.mark_deactivated(end_of_second(response.at));
        self.record.note_signed_time(response.at);
        self.save()?;
        Ok(Outcome::Responded)
    }

    /// Deletes the key and the file. The latest signed time and the record of superseded files are kept.
    pub fn forget(&mut self) -> io::Result<()> {
        self.record = self.record.cleared();
        self.license = None;
        self.save()
    }

    /// Creates an air-gap request to activate this computer. The user takes it to the portal and brings back a
    /// machine file for [`Client::import_file`].
    pub fn request_activation(&self, facts: &MachineFacts) -> Result<AirGapRequest, ClientError> {
        let key = self.key().ok_or(ClientError::NoKey)?;
        let fingerprint = self.fingerprint.clone();
        check_length(AirGapRequest::new(Action::Activate, fingerprint, facts.clone(), self.trusted_now(), &key))
    }

    /// Deletes this computer's file and creates an air-gap request to deactivate it.
    pub fn request_deactivation(&mut self) -> Result<AirGapRequest, ClientError> {
        let key = self.key().ok_or(ClientError::NoKey)?;
        let fingerprint = self.fingerprint.clone();
        let request = check_length(AirGapRequest::new(
            Action::Deactivate,
            fingerprint,
            MachineFacts::default(),
            self.trusted_now(),
            &key,
        ))?;
        // Delete the file before returning the request, so that the app cannot end up with both. Files are
        // superseded up to the latest signed time, not up to now: this computer's clock may be fast, and would
        // then also rule out files issued later.
        let file = self.current_file().map(|claims| claims.issued_at);
        if let Some(latest) = file.into_iter().chain(self.record.latest_signed).max() {
            self.record.supersede_files(latest);
        }
        self.record.file = None;
        self.save()?;
        Ok(request)
    }

    /// Imports a machine file, or a license file if [`Config::offline`] accepts them. A file that is older than the
    /// current one, or than the deactivation of this computer, is rejected. The file may be pasted from a mail, with text
    /// around it.
    pub fn import_file(&mut self, text: &str) -> Result<Access, ClientError> {
        let found = pasted_file::find(text).map(|(_, file)| file);
        let text = found.as_deref().unwrap_or(text);
        let key = self.key().ok_or(ClientError::NoKey)?;
        let claims = self.open(text, &key)?;
        let current = self.current_file().filter(|current| current.license.id == claims.license.id);
        if self.record.is_superseded(claims.issued_at) || current.is_some_and(|file| file.issued_at > claims.issued_at)
        {
            return Err(VerifyError::OutOfDate.into());
        }
        self.record.file = Some(text.to_owned());
        self.record.note_signed_time(claims.issued_at);
        if self.record.verdict.as_ref().is_some_and(|verdict| verdict.at < claims.issued_at) {
            self.record.verdict = None;
        }
        self.save()?;
        Ok(self.access())
    }

    /// The current time, but not earlier than the latest time signed by the server.
    fn trusted_now(&self) -> Timestamp {
        let now = self.clock.now();
        self.record.latest_signed.map_or(now, |latest| latest.max(now))
    }

    /// Opens a file under this app's terms.
    fn open(&self, text: &str, key: &LicenseKey) -> Result<FileClaims, VerifyError> {
        access::open(&self.verifier, text, key, &self.fingerprint, self.trusted_now(), &self.config.offline)
    }

    /// The claims of the stored file. `None` if there is no valid file.
    fn current_file(&self) -> Option<FileClaims> {
        self.open(self.record.file.as_deref()?, &self.key()?).ok()
    }

    fn key(&self) -> Option<LicenseKey> {
        self.record.key.as_deref().and_then(|text| LicenseKey::parse(text).ok())
    }

    fn save(&mut self) -> io::Result<()> {
        self.storage.save(&self.record.to_text())
    }

    fn activation_body(&self, facts: &MachineFacts) -> Value {
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

    /// Fetches a machine file, verifies it and stores it.
    fn check_out(&mut self, key: &LicenseKey) -> Result<(), ClientError> {
        let ttl = self.config.file_ttl.map_or_else(String::new, |ttl| format!("&ttl={}", ttl.as_secs()));
        let machine = self.machine_path();
        let path = format!("{machine}/actions/check-out?encrypt=1&include=license.entitlements{ttl}");
        let response = self.call("POST", &path, None, key).map_err(no_response)?;
        let file = response.text("/data/attributes/certificate").filter(|_| response.is_success());
        let Some(file) = file else {
            return Err(self.handle_refusal(&response)?);
        };
        self.record.note_signed_time(response.at);
        let now = self.clock.now().max(response.at);
        let claims = self.verifier.open_machine_file(&file, key, &self.fingerprint, now)?;
        self.record.note_signed_time(claims.issued_at);
        self.record.file = Some(file);
        self.record.verdict = None;
        self.record.files_after = None;
        self.save()?;
        Ok(())
    }

    /// Whether there is no valid machine file, or it is past half of its time to live, or its expiry or entitlements
    /// differ from the server's. Entitlements are not compared if the server does not list them.
    fn needs_new_file(&self, validation: &Validation, key: &LicenseKey) -> bool {
        let Some(claims) = self.current_file() else {
            return true;
        };
        let ttl = claims.expires_at.since(claims.issued_at);
        let held = || validation.license.and_then(|license| self.entitlements(license, key));
        claims.machine.is_none()
            || self.trusted_now().since(claims.issued_at) >= ttl / 2
            || claims.license.expires_at.map(Timestamp::rfc3339) != validation.license_end
            || held().is_some_and(|held| held != claims.license.entitlements)
    }

    /// The license's current entitlements. `None` if the server does not list them or they do not fit on a page.
    fn entitlements(&self, license: LicenseId, key: &LicenseKey) -> Option<BTreeSet<EntitlementCode>> {
        let path = format!("/licenses/{license}/entitlements?limit={MAX_ENTITLEMENTS}");
        let response = self.call("GET", &path, None, key).ok().filter(SignedResponse::is_success)?;
        let items = response.body.get("data")?.as_array().filter(|items| items.len() < MAX_ENTITLEMENTS)?;
        let code = |item: &Value| EntitlementCode::parse(item.pointer("/attributes/code")?.as_str()?);
        items.iter().map(code).collect()
    }

    /// Sends a request whose response changes nothing in the record except for the latest signed time.
    fn send(&mut self, method: &'static str, path: &str, body: Option<Value>) -> Result<Outcome, ClientError> {
        let key = self.key().ok_or(ClientError::NoKey)?;
        let path = match path.strip_prefix("/licenses/{license}") {
            // By id, because the key would appear in the logs of proxies.
            Some(rest) => format!("/licenses/{}{rest}", self.license_id(&key).ok_or(ClientError::NotActivated)?),
            None => path.to_owned(),
        };
        match self.call(method, &path, body, &key) {
            Err(reason) => Ok(Outcome::NoResponse { reason: reason.to_string() }),
            Ok(response) if response.is_success() => {
                self.record.note_signed_time(response.at);
                self.save()?;
                Ok(Outcome::Responded)
            }
            Ok(response) => Err(self.handle_refusal(&response)?),
        }
    }

    /// The license's id, from the file, the last validation or a signed key.
    fn license_id(&self, key: &LicenseKey) -> Option<LicenseId> {
        let from_file = self.current_file().map(|claims| claims.license.id);
        from_file.or(self.license).or_else(|| self.verifier.signed_key(key.expose()).ok().map(|claims| claims.license))
    }

    /// Handles a signed refusal. If the license itself is refused, the app is locked.
    fn handle_refusal(&mut self, response: &SignedResponse) -> Result<ClientError, io::Error> {
        self.record.note_signed_time(response.at);
        if let Some(seconds) = response.too_many() {
            self.save()?;
            return Ok(ClientError::TooManyRequests { seconds });
        }
        let (code, detail) = (response.error_code().to_owned(), response.error_detail());
        let error = match code.as_str() {
            "MACHINE_LIMIT_EXCEEDED" | "MACHINE_CORE_LIMIT_EXCEEDED" => ClientError::LimitReached {
                detail,
                machines: active_machines(response),
                portal_page: response.text("/errors/0/links/about"),
            },
            _ if response.status >= 500 => ClientError::NoResponse(detail),
            "MACHINE_HEARTBEAT_DEAD" => {
                // No heartbeat for too long, for example because the computer was asleep. The license is not refused.
                self.mark_deactivated(end_of_second(response.at));
                ClientError::NotActivated
            }
            "LICENSE_SUSPENDED" | "LICENSE_BANNED" | "LICENSE_EXPIRED" | "LICENSE_INVALID" => {
                let detail_in_record = detail.trim_end_matches('.').to_owned();
                let at = end_of_second(response.at);
                self.record.verdict = Some(Verdict { code: code.clone(), detail: detail_in_record, at });
                self.record.supersede_files(at);
                ClientError::Refused { code, detail }
            }
            _ => ClientError::Refused { code, detail },
        };
        self.save()?;
        Ok(error)
    }

    fn call(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
        key: &LicenseKey,
    ) -> Result<SignedResponse, NoResponse> {
        self.exchange(method, path, body, Some(key))
    }

    /// Sends a request and returns the signed response. The signature covers the request's target, which includes a
    /// random number, so that a response to an earlier or different request does not verify.
    fn exchange(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
        key: Option<&LicenseKey>,
    ) -> Result<SignedResponse, NoResponse> {
        let mut headers = vec![("accept", MEDIA_TYPE.to_owned()), ("user-agent", self.config.user_agent.clone())];
        if let Some(key) = key {
            headers.push(("authorization", format!("License {}", key.expose())));
        }
        if body.is_some() {
            headers.push(("content-type", MEDIA_TYPE.to_owned()));
        }
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}/v1{path}{mark}fresh={}", self.config.api_url, nonce().map_err(NoResponse::NoRandomness)?);
        let request = Request { method, url, headers, body: body.map(|body| body.to_string().into_bytes()) };
        let response = self.transport.send(&request)?;
        Ok(SignedResponse::read(&request, &response, self.verifier.keys())?)
    }

    /// The path of this machine.
    fn machine_path(&self) -> String {
        format!("/machines/{}", escape(self.fingerprint.as_str()))
    }
}

/// The latest moment of a response with this date. A signed date has whole seconds, so a file that was issued in the same
/// second may be older than the response: it counts as older, because an app that is locked fetches a new one.
fn end_of_second(date: Timestamp) -> Timestamp {
    date.plus(Duration::from_micros(999_999))
}

/// Checks that a request is not too long for the portal.
fn check_length(request: AirGapRequest) -> Result<AirGapRequest, ClientError> {
    if request.to_text().len() > MAX_BYTES { Err(ClientError::RequestTooLong) } else { Ok(request) }
}

/// Percent-encodes a text for use as one path segment (RFC 3986, section 2.3).
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

/// No trustworthy response was received.
#[derive(Debug, thiserror::Error)]
enum NoResponse {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    #[error("{0}")]
    NoRandomness(String),
}

fn no_response(reason: NoResponse) -> ClientError {
    ClientError::NoResponse(reason.to_string())
}

fn active_machines(response: &SignedResponse) -> Vec<ActiveMachine> {
    let all = response.body.pointer("/errors/0/meta/machines").and_then(Value::as_array);
    let text = |machine: &Value, name: &str| machine.get(name).and_then(Value::as_str).map(str::to_owned);
    all.into_iter()
        .flatten()
        .map(|machine| ActiveMachine {
            name: text(machine, "name").unwrap_or_default(),
            last_seen: text(machine, "lastSeen").and_then(|at| Timestamp::parse_rfc3339(&at)),
        })
        .collect()
}

/// A random number, so that an old response cannot be replayed.
fn nonce() -> Result<u32, String> {
    let mut bytes = [0; 4];
    #[expect(clippy::disallowed_methods, reason = "this is where the client's randomness comes from")]
    getrandom::fill(&mut bytes).map_err(|_| "this computer cannot generate random numbers".to_owned())?;
    // Servers and clients of this protocol use signed 32-bit numbers.
    Ok(u32::from_le_bytes(bytes) >> 1)
}
