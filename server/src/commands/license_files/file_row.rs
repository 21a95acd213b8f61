//! A license as a line of a file: the names of the columns and the words in them.

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

/// A line of a file. On the way in, `email` and `policy` are enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRow {
    /// Its id; empty makes one.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// Its owner's address; an account is made where there is none.
    #[serde(default)]
    pub(super) email: String,
    /// Its policy's code.
    #[serde(default)]
    pub(super) policy: String,
    /// Its key; empty makes one.
    #[serde(default)]
    pub(super) key: Option<String>,
    /// `ACTIVE`, `SUSPENDED` or `REVOKED`.
    #[serde(default)]
    pub(super) status: Option<String>,
    /// When it ends, RFC 3339; `never`; `after-first-use`; empty follows the policy.
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    /// A machine limit of its own.
    #[serde(default)]
    pub(super) max_machines: Option<u32>,
    /// A core limit of its own.
    #[serde(default)]
    pub(super) max_cores: Option<u32>,
    /// A limit of uses of its own.
    #[serde(default)]
    pub(super) max_uses: Option<u32>,
    /// Where its usage counter stands.
    #[serde(default)]
    pub(super) uses: Option<u32>,
    /// What is attached to it.
    #[serde(default)]
    pub(super) metadata: Option<Map<String, Value>>,
    /// Its own entitlements, by code; those of its policy are not among them.
    #[serde(default)]
    pub(super) entitlements: Option<Vec<String>>,
    /// When it was issued, RFC 3339; empty is now.
    #[serde(default)]
    pub(super) created_at: Option<String>,
    /// When an app last checked in, RFC 3339.
    #[serde(default)]
    pub(super) last_check_in_at: Option<String>,
}

impl FileRow {
    /// The license that the line stands for; an error names the column.
    pub(super) fn read(self) -> Result<LicenseRow, String> {
        let email = EmailAddress::parse(&self.email).map_err(|error| format!("email: {error}"))?;
        let id = given(self.id).map(|text| read_id(&text)).transpose()?;
        let key = given(self.key).map(|text| read_key(&text)).transpose()?;
        let instant = |name: &str, text: Option<String>| given(text).map(|text| read_instant(name, &text)).transpose();
        let created_at = instant("created_at", self.created_at)?;
        let expiry = match given(self.expires_at).as_deref() {
            None => None,
            Some(NEVER) => Some(Expiry::Never),
            Some(AFTER_FIRST_USE) => Some(Expiry::AfterFirstUse),
            Some(text) => Some(Expiry::At(read_instant("expires_at", text)?)),
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

    /// The line of a license.
    pub(super) fn of(row: LicenseRow) -> Self {
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
    id.ok_or_else(|| "id: not a UUID; leave it empty to have one made".to_owned())
}

fn read_key(text: &str) -> Result<LicenseKey, String> {
    LicenseKey::parse(text).map_err(|error| format!("key: {error}; leave it empty to have one made"))
}

fn read_instant(name: &str, text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| format!("{name}: not a time; write 2027-01-31T00:00:00Z"))
}
