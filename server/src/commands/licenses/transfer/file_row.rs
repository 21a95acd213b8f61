//! A license as a row of a file: the names of the columns and the values in them.

use latchkey_licensing::{
    email::EmailAddress, ids::LicenseId, license::Expiry, license_key::LicenseKey, time::Timestamp,
};
use latchkey_service::{LicenseRow, RowStanding};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const NEVER: &str = "never";
const AFTER_FIRST_USE: &str = "after-first-use";

const ACTIVE: &str = "ACTIVE";
const SUSPENDED: &str = "SUSPENDED";
const REVOKED: &str = "REVOKED";

/// A row of a file. When it is read, only `email` and `policy` are required.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRow {
    /// If it is missing, one is created.
    #[serde(default)]
    pub(crate) id: Option<String>,
    /// The owner's address. An account is created if there is none.
    #[serde(default)]
    pub(crate) email: String,
    /// The policy's code.
    #[serde(default)]
    pub(crate) policy: String,
    /// If it is missing, one is created.
    #[serde(default)]
    pub(crate) key: Option<String>,
    /// `ACTIVE`, `SUSPENDED` or `REVOKED`.
    #[serde(default)]
    pub(crate) status: Option<String>,
    /// A time in RFC 3339, a date, `never`, or `after-first-use`. If it is missing, the policy decides.
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
    /// Overrides the policy's limit, as do the next two.
    #[serde(default)]
    pub(crate) max_machines: Option<u32>,
    #[serde(default)]
    pub(crate) max_cores: Option<u32>,
    #[serde(default)]
    pub(crate) max_uses: Option<u32>,
    /// The usage counter.
    #[serde(default)]
    pub(crate) uses: Option<u32>,
    #[serde(default)]
    pub(crate) metadata: Option<Map<String, Value>>,
    /// The codes of individually granted entitlements, without those of the policy.
    #[serde(default)]
    pub(crate) entitlements: Option<Vec<String>>,
    /// When it was issued: a time in RFC 3339, or a date. If it is missing, now.
    #[serde(default)]
    pub(crate) created_at: Option<String>,
    /// When an app last checked in: a time in RFC 3339, or a date.
    #[serde(default)]
    pub(crate) last_check_in_at: Option<String>,
}

impl FileRow {
    /// Parses the values. Errors start with the column.
    pub(crate) fn read(self) -> Result<LicenseRow, String> {
        let email = EmailAddress::parse(&self.email).map_err(|error| format!("email: {error}"))?;
        let id = given(self.id).map(|text| read_id(&text)).transpose()?;
        let key = given(self.key).map(|text| read_key(&text)).transpose()?;
        let instant = |name: &str, text: Option<String>| given(text).map(|text| read_instant(name, &text)).transpose();
        let created_at = instant("created_at", self.created_at)?;
        let expiry = match given(self.expires_at).as_deref() {
            None => None,
            Some(NEVER) => Some(Expiry::Never),
            Some(AFTER_FIRST_USE) => Some(Expiry::AfterFirstUse),
            Some(text) => Some(Expiry::At(Timestamp::parse_end(text).ok_or_else(|| no_time("expires_at"))?)),
        };
        let standing = match given(self.status).as_deref() {
            None | Some(ACTIVE) => RowStanding::Good,
            Some(SUSPENDED) => RowStanding::Suspended,
            Some(REVOKED) => RowStanding::Revoked,
            Some(other) => return Err(format!("status: `{other}` is not one of {ACTIVE}, {SUSPENDED}, {REVOKED}")),
        };
        Ok(LicenseRow {
            id,
            key,
            standing,
            expiry,
            max_machines: self.max_machines,
            max_cores: self.max_cores,
            max_uses: self.max_uses,
            uses: self.uses.unwrap_or(0),
            metadata: self.metadata.unwrap_or_default(),
            entitlements: self.entitlements.unwrap_or_default().into_iter().filter(|code| !code.is_empty()).collect(),
            created_at,
            last_check_in_at: instant("last_check_in_at", self.last_check_in_at)?,
            ..LicenseRow::new(email, self.policy)
        })
    }

    pub(crate) fn of(row: LicenseRow) -> Self {
        let status = match row.standing {
            RowStanding::Good => ACTIVE,
            RowStanding::Suspended => SUSPENDED,
            RowStanding::Revoked => REVOKED,
        };
        let expiry = |expiry: Expiry| match expiry {
            Expiry::Never => NEVER.to_owned(),
            Expiry::AfterFirstUse => AFTER_FIRST_USE.to_owned(),
            Expiry::At(at) => at.rfc3339(),
        };
        Self {
            id: row.id.map(|id| id.to_string()),
            email: row.email.as_str().to_owned(),
            policy: row.policy,
            key: row.key.map(|key| key.expose().to_owned()),
            status: Some(status.to_owned()),
            expires_at: row.expiry.map(expiry),
            max_machines: row.max_machines,
            max_cores: row.max_cores,
            max_uses: row.max_uses,
            uses: Some(row.uses),
            metadata: Some(row.metadata),
            entitlements: Some(row.entitlements),
            created_at: row.created_at.map(Timestamp::rfc3339),
            last_check_in_at: row.last_check_in_at.map(Timestamp::rfc3339),
        }
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn read_id(text: &str) -> Result<LicenseId, String> {
    let id: Option<LicenseId> = text.parse().ok().filter(|id: &LicenseId| !id.uuid().is_nil());
    id.ok_or_else(|| "id: not a UUID; leave it empty to create one".to_owned())
}

fn read_key(text: &str) -> Result<LicenseKey, String> {
    LicenseKey::parse(text).map_err(|error| format!("key: {error}; leave it empty to create one"))
}

fn read_instant(name: &str, text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_start(text).ok_or_else(|| no_time(name))
}

fn no_time(name: &str) -> String {
    format!("{name}: not a time; use the form 2027-01-31T00:00:00Z or 2027-01-31")
}
