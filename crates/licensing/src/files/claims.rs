//! The claims in the dataset of a license or machine file.
//!
//! By the time a dataset is parsed here, its signature has been verified ([`crate::files::certificate`]).
//! The parser is nevertheless strict: ids must be UUIDs, times must be RFC 3339, and a file must expire
//! after it was issued and must not be issued in the future.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    files::{certificate::FileKind, json},
    ids::{LicenseId, MachineId, PolicyId, ProductId},
    rules::{entitlement::EntitlementCode, machine::Fingerprint, policy::ExpiryStrategy},
    time::Timestamp,
};

/// How far in the future a file may have been issued, to allow for clocks that differ.
pub const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

/// The longest time to live of a file, in seconds: the largest that 32-bit clients can read, 68 years.
pub const MAX_TTL_SECONDS: u32 = i32::MAX.unsigned_abs();

/// How long after its issue apps accept a file by default, whatever it says: 366 days. A key holder can request a file that
/// lasts 68 years, and it would still be valid after a refund.
pub const MAX_AGE: Duration = Duration::from_hours(366 * 24);

/// The claims of a file and the period for which they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileClaims {
    /// When the file was issued, by the server's clock.
    pub issued_at: Timestamp,
    /// When the file expires. This is independent of the license's own expiry.
    pub expires_at: Timestamp,
    /// The license that the file is for.
    pub license: LicenseClaims,
    /// The machine that the file is for. `None` in a license file.
    pub machine: Option<MachineClaims>,
}

/// A license as described by a file.
#[derive(Clone, PartialEq, Eq)]
pub struct LicenseClaims {
    /// The license's id.
    pub id: LicenseId,
    /// The license key, if the file contains it.
    pub key: Option<String>,
    /// The product that the license is for.
    pub product: ProductId,
    /// The policy that the license is under.
    pub policy: PolicyId,
    /// When the license itself expires. `None` if it never does or its duration has not started.
    pub expires_at: Option<Timestamp>,
    /// What the license allows after it has expired. The strictest strategy if the file does not say.
    pub expiry_strategy: ExpiryStrategy,
    /// Whether the license was suspended or revoked when the file was issued.
    pub is_suspended: bool,
    /// The entitlements included in the file.
    pub entitlements: BTreeSet<EntitlementCode>,
}

/// A license key is a credential, so `Debug`, which logs use, shows only the id.
impl std::fmt::Debug for LicenseClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LicenseClaims").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A machine as described by a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineClaims {
    /// The machine's id.
    pub id: MachineId,
    /// The fingerprint by which the app identifies the machine.
    pub fingerprint: Fingerprint,
}

impl FileClaims {
    /// Whether the file has expired at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Limits the file to `max_age` after its issue, even if it claims to last longer.
    #[must_use]
    pub fn with_max_age(self, max_age: Duration) -> Self {
        Self { expires_at: self.expires_at.min(self.issued_at.plus(max_age)), ..self }
    }

    /// Whether the license stops being usable when it expires.
    pub fn license_stops_at_expiry(&self) -> bool {
        matches!(self.license.expiry_strategy, ExpiryStrategy::RestrictAccess | ExpiryStrategy::RevokeAccess)
    }

    /// Whether the license has expired at `now` and its policy does not allow use after that.
    pub fn is_license_expired(&self, now: Timestamp) -> bool {
        self.license_stops_at_expiry() && self.license.expires_at.is_some_and(|end| end <= now)
    }
}

/// Why a dataset is rejected although its signature is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// It does not have the form that the server writes. The value names the offending part.
    #[error("the file cannot be read: {0} is missing or malformed")]
    Malformed(&'static str),
    /// It was issued in the future, so this computer's clock is slow or was set back.
    #[error("the file was issued in the future: check this computer's clock")]
    IssuedInFuture,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dataset {
    data: Resource,
    #[serde(default)]
    included: Vec<Resource>,
    meta: Meta,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    issued: String,
    expiry: String,
    ttl: u32,
}

#[derive(Deserialize)]
struct Resource {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    attributes: Map<String, Value>,
    #[serde(default)]
    relationships: Map<String, Value>,
}

impl Resource {
    fn text(&self, name: &'static str) -> Result<&str, ClaimsError> {
        self.attributes.get(name).and_then(Value::as_str).ok_or(ClaimsError::Malformed(name))
    }

    fn related<I: std::str::FromStr>(&self, name: &'static str) -> Result<I, ClaimsError> {
        let id = self.relationships.get(name).and_then(|to| to.get("data")?.get("id")?.as_str());
        id.and_then(|id| id.parse().ok()).ok_or(ClaimsError::Malformed(name))
    }
}

/// Parses the dataset of a file whose signature has been verified.
pub fn read(kind: FileKind, dataset: &[u8], now: Timestamp) -> Result<FileClaims, ClaimsError> {
    let malformed = |_| ClaimsError::Malformed("the dataset");
    let dataset = json::parse(dataset).map_err(malformed)?;
    if !has_objects(&dataset) {
        return Err(ClaimsError::Malformed("the dataset"));
    }
    let dataset: Dataset = serde_json::from_value(dataset).map_err(malformed)?;
    let (issued_at, expires_at) = times(&dataset.meta)?;
    let license_of = |resource: &Resource| license(resource, &dataset.included);
    let claims = match kind {
        FileKind::License => {
            let license = license_of(&dataset.data)?;
            FileClaims { issued_at, expires_at, license, machine: None }
        }
        FileKind::Machine => {
            let machine = machine(&dataset.data)?;
            let mut licenses = dataset.included.iter().filter(|resource| resource.kind == "licenses");
            let (Some(found), None) = (licenses.next(), licenses.next()) else {
                return Err(ClaimsError::Malformed("the included license"));
            };
            let license = license_of(found)?;
            if dataset.data.related::<LicenseId>("license")? != license.id {
                return Err(ClaimsError::Malformed("the included license"));
            }
            FileClaims { issued_at, expires_at, license, machine: Some(machine) }
        }
    };
    if issued_at > now.plus(CLOCK_TOLERANCE) {
        return Err(ClaimsError::IssuedInFuture);
    }
    Ok(claims)
}

/// Whether the parts that must be objects are objects. serde would also accept arrays of the fields in
/// order.
fn has_objects(dataset: &Value) -> bool {
    let included = dataset.get("included").and_then(Value::as_array);
    dataset.get("data").is_some_and(Value::is_object)
        && dataset.get("meta").is_some_and(Value::is_object)
        && included.is_none_or(|all| all.iter().all(Value::is_object))
}

fn times(meta: &Meta) -> Result<(Timestamp, Timestamp), ClaimsError> {
    let instant = |text: &str, name| Timestamp::parse_rfc3339(text).ok_or(ClaimsError::Malformed(name));
    let issued_at = instant(&meta.issued, "issued")?;
    let expires_at = instant(&meta.expiry, "expiry")?;
    if expires_at <= issued_at {
        return Err(ClaimsError::Malformed("expiry"));
    }
    if !(1..=MAX_TTL_SECONDS).contains(&meta.ttl) {
        return Err(ClaimsError::Malformed("ttl"));
    }
    Ok((issued_at, expires_at))
}

fn license(resource: &Resource, included: &[Resource]) -> Result<LicenseClaims, ClaimsError> {
    if resource.kind != "licenses" {
        return Err(ClaimsError::Malformed("the license"));
    }
    let expires_at = match resource.attributes.get("expiry") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(Timestamp::parse_rfc3339(text).ok_or(ClaimsError::Malformed("expiry"))?),
        Some(_) => return Err(ClaimsError::Malformed("expiry")),
    };
    // Without a strategy in the file, the strictest applies.
    let expiry_strategy = match resource.attributes.get("expiryStrategy") {
        None | Some(Value::Null) => ExpiryStrategy::RestrictAccess,
        Some(Value::String(word)) => ExpiryStrategy::parse(word).ok_or(ClaimsError::Malformed("expiryStrategy"))?,
        Some(_) => return Err(ClaimsError::Malformed("expiryStrategy")),
    };
    let is_suspended = match resource.attributes.get("suspended") {
        None => false,
        Some(Value::Bool(suspended)) => *suspended,
        Some(_) => return Err(ClaimsError::Malformed("suspended")),
    };
    let entitlements = included.iter().filter(|resource| resource.kind == "entitlements").map(|resource| {
        EntitlementCode::parse(resource.text("code")?).ok_or(ClaimsError::Malformed("an entitlement's code"))
    });
    Ok(LicenseClaims {
        id: resource.id.parse().map_err(|_| ClaimsError::Malformed("the license's id"))?,
        key: resource.attributes.get("key").and_then(Value::as_str).map(str::to_owned),
        product: resource.related("product")?,
        policy: resource.related("policy")?,
        expires_at,
        expiry_strategy,
        is_suspended,
        entitlements: entitlements.collect::<Result<_, _>>()?,
    })
}

fn machine(resource: &Resource) -> Result<MachineClaims, ClaimsError> {
    if resource.kind != "machines" {
        return Err(ClaimsError::Malformed("the machine"));
    }
    Ok(MachineClaims {
        id: resource.id.parse().map_err(|_| ClaimsError::Malformed("the machine's id"))?,
        fingerprint: Fingerprint::parse(resource.text("fingerprint")?).ok_or(ClaimsError::Malformed("fingerprint"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ID: &str = "0190f3c2-0000-7000-8000-000000000001";
    const NOW: Timestamp = Timestamp::from_unix_micros(1_795_435_200_000_000);

    fn license_resource() -> Value {
        json!({
            "id": ID, "type": "licenses",
            "attributes": { "key": "CGPT-1", "expiry": null, "suspended": false, "expiryStrategy": "MAINTAIN_ACCESS" },
            "relationships": { "product": { "data": { "type": "products", "id": ID } }, "policy": { "data": { "type": "policies", "id": ID } } },
        })
    }

    fn license_file() -> Value {
        json!({
            "data": license_resource(),
            "included": [{ "id": ID, "type": "entitlements", "attributes": { "code": "PRO" }, "relationships": {} }],
            "meta": { "issued": "2026-11-23T12:00:00.000Z", "expiry": "2026-11-24T12:00:00.000Z", "ttl": 86400 },
        })
    }

    fn machine_file() -> Value {
        let mut file = license_file();
        let license = file["data"].take();
        file["included"].as_array_mut().expect("a list").push(license);
        file["data"] = json!({
            "id": ID, "type": "machines", "attributes": { "fingerprint": "fp" },
            "relationships": { "license": { "data": { "type": "licenses", "id": ID } } },
        });
        file
    }

    fn read_license(file: &Value) -> Result<FileClaims, ClaimsError> {
        read(FileKind::License, file.to_string().as_bytes(), NOW)
    }

    fn read_machine(file: &Value) -> Result<FileClaims, ClaimsError> {
        read(FileKind::Machine, file.to_string().as_bytes(), NOW)
    }

    #[test]
    fn both_kinds_are_parsed() {
        let claims = read_license(&license_file()).expect("valid");
        assert_eq!(claims.license.entitlements.iter().map(EntitlementCode::as_str).collect::<Vec<_>>(), ["PRO"]);
        assert_eq!((claims.machine.is_none(), claims.license.expiry_strategy), (true, ExpiryStrategy::MaintainAccess));
        assert!(!claims.is_expired(NOW) && claims.is_expired(NOW.plus(Duration::from_hours(24))));
        let claims = read_machine(&machine_file()).expect("valid");
        assert_eq!(claims.machine.map(|machine| machine.fingerprint.as_str().to_owned()).as_deref(), Some("fp"));
    }

    #[test]
    fn an_expired_license_is_unusable_unless_its_policy_maintains_access() {
        let mut file = license_file();
        file["data"]["attributes"]["expiry"] = json!("2026-11-23T12:00:00.000Z");
        for (strategy, is_expired) in [
            (json!("MAINTAIN_ACCESS"), false),
            (json!("ALLOW_ACCESS"), false),
            (json!("RESTRICT_ACCESS"), true),
            (json!("REVOKE_ACCESS"), true),
            (Value::Null, true),
        ] {
            file["data"]["attributes"]["expiryStrategy"] = strategy.clone();
            assert_eq!(read_license(&file).map(|claims| claims.is_license_expired(NOW)), Ok(is_expired), "{strategy}");
        }
    }

    /// LC-04: malformed times.
    #[test]
    fn lc_04_bad_times_are_rejected() {
        let bad = [
            ("issued", json!(null)),
            ("issued", json!(1)),
            ("issued", json!("")),
            ("issued", json!("2026-11-23")),
            ("issued", json!("2026-11-23 12:00")),
            ("issued", json!("2026-11-23 12:00:00Z")),
            ("issued", json!("2026-11-23t12:00:00z")),
            ("issued", json!("2026-11-23T12:00:60Z")),
            ("issued", json!("2026-11-23T12:00:00Z[UTC]")),
            ("issued", json!("2026-13-23T12:00:00Z")),
            ("issued", json!("2026-11-24T12:00:00.000Z")),
            ("issued", json!("2027-11-24T12:00:00.000Z")),
            ("issued", json!({})),
            ("expiry", json!(null)),
            ("expiry", json!(1_795_521_600)),
            ("expiry", json!("never")),
            ("expiry", json!("2026-11-23T12:00:00.000Z")),
            ("expiry", json!("2020-01-01T00:00:00.000Z")),
            ("expiry", json!("99999-01-01T00:00:00.000Z")),
            ("ttl", json!(null)),
            ("ttl", json!("86400")),
            ("ttl", json!(86400.5)),
            ("ttl", json!(-1)),
            ("ttl", json!(0)),
            ("ttl", json!(2_147_483_648_u64)),
            ("ttl", json!(u64::MAX)),
            ("ttl", json!(1e300)),
            ("ttl", json!([86400])),
        ];
        for (name, value) in bad {
            let mut file = license_file();
            file["meta"][name] = value.clone();
            assert!(read_license(&file).is_err(), "{name}: {value}");
        }
        for name in ["issued", "expiry", "ttl"] {
            let mut file = license_file();
            file["meta"].as_object_mut().expect("an object").remove(name);
            assert!(read_license(&file).is_err(), "{name} is missing");
            let text = license_file().to_string();
            let twice = text.replacen(&format!("\"{name}\":"), &format!("\"{name}\":0,\"{name}\":"), 2);
            assert!(read(FileKind::License, twice.as_bytes(), NOW).is_err(), "{name} is repeated");
        }
        let beyond = license_file().to_string().replace("86400", "9223372036854775808");
        assert!(read(FileKind::License, beyond.as_bytes(), NOW).is_err());
    }

    /// LC-04: clocks may differ by five minutes, but not by more.
    #[test]
    fn lc_04_issued_in_the_future() {
        let file = license_file().to_string();
        let at = |earlier: Duration| read(FileKind::License, file.as_bytes(), NOW.minus(earlier)).map(|_| ());
        assert_eq!(at(CLOCK_TOLERANCE), Ok(()));
        assert_eq!(at(CLOCK_TOLERANCE + Duration::from_micros(1)), Err(ClaimsError::IssuedInFuture));
    }

    #[test]
    fn other_forms_are_rejected() {
        type Change = fn(&mut Value);
        let license_changes: &[Change] = &[
            |file| file["extra"] = json!(1),
            |file| file["meta"]["extra"] = json!(1),
            |file| file["data"] = json!([license_resource()]),
            |file| file["data"] = json!(null),
            |file| file["meta"] = json!(["2026-11-23T12:00:00.000Z", "2026-11-24T12:00:00.000Z", 86_400]),
            |file| file["included"][0] = json!([ID, "entitlements", { "code": "PRO" }, {}]),
            |file| *file = json!([file["data"], file["included"], file["meta"]]),
            |file| file["data"]["type"] = json!("machines"),
            |file| file["data"]["id"] = json!("x"),
            |file| file["data"]["id"] = json!(1),
            |file| file["data"]["relationships"] = json!({}),
            |file| file["data"]["relationships"]["product"] = json!({ "data": null }),
            |file| file["data"]["relationships"]["product"]["data"]["id"] = json!("other"),
            |file| file["data"]["attributes"] = json!(null),
            |file| file["data"]["attributes"]["suspended"] = json!("false"),
            |file| file["data"]["attributes"]["expiry"] = json!(5),
            |file| file["data"]["attributes"]["expiry"] = json!("soon"),
            |file| file["data"]["attributes"]["expiryStrategy"] = json!("NEVER"),
            |file| file["included"] = json!({}),
            |file| file["included"][0]["attributes"] = json!({}),
            |file| file["included"][0]["attributes"]["code"] = json!("not a code"),
        ];
        for (row, change) in license_changes.iter().enumerate() {
            let mut file = license_file();
            change(&mut file);
            assert!(read_license(&file).is_err(), "row {row}");
        }
        let machine_changes: &[Change] = &[
            |file| file["included"] = json!([]),
            |file| file["included"][1]["id"] = json!("0190f3c2-0000-7000-8000-000000000009"),
            |file| file["included"].as_array_mut().expect("a list").push(license_resource()),
            |file| file["data"]["attributes"]["fingerprint"] = json!(""),
            |file| file["data"]["attributes"]["fingerprint"] = json!(null),
            |file| file["data"]["relationships"] = json!({}),
            |file| file["data"]["type"] = json!("licenses"),
        ];
        for (row, change) in machine_changes.iter().enumerate() {
            let mut file = machine_file();
            change(&mut file);
            assert!(read_machine(&file).is_err(), "row {row}");
        }
        assert!(read_machine(&license_file()).is_err() && read_license(&machine_file()).is_err());
        for text in ["", "{", "null", "[]", &"[".repeat(10_000)] {
            assert!(read(FileKind::License, text.as_bytes(), NOW).is_err(), "{text:.10}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), machine: bool) {
            let kind = if machine { FileKind::Machine } else { FileKind::License };
            let _ = read(kind, &bytes, NOW);
        }
    }
}
