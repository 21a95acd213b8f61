//! What happened. One type writes the rows of the audit log and reads them back for histories.
//!
//! The stored words (verbs, kinds of subjects, members of details) are the ones below, and databases
//! hold them: a variant may be added, but none may be renamed. No secret and no address belongs into an
//! event.

use latchkey_licensing::{
    account::Role,
    ids::{AccountId, LicenseId, LoginRequestId, MachineId, PolicyId, ProductId, SigningKeyId},
    license::Expiry,
    time::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::audit::{
    change::Change,
    stored::{expiry, instant, instant_or_null, metadata, role},
};

/// What happened, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// To an account.
    Account(AccountId, AccountEvent),
    /// To the catalog.
    Catalog(CatalogEvent),
    /// To a license or its machines.
    License(LicenseId, LicenseEvent),
    /// To all licenses at once.
    Licenses(LicensesEvent),
    /// To a request to sign in.
    LoginRequest(LoginRequestId, LoginRequestEvent),
    /// To a product.
    Product(ProductId, ProductEvent),
    /// To a signing key.
    SigningKey(SigningKeyId, SigningKeyEvent),
    /// What a later version of this program wrote, or a row that is damaged.
    Unknown(StoredEvent),
}

/// What happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum AccountEvent {
    /// It was made.
    #[serde(rename = "account.made")]
    Made {
        /// What it may do; not noted where somebody signed up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<MadeAs>,
    },
    /// What to call the person changed.
    #[serde(rename = "account.renamed")]
    Renamed,
    /// What it may do changed.
    #[serde(rename = "account.role_changed")]
    RoleChanged {
        /// Before.
        #[serde(with = "role")]
        from: Role,
        /// From then on.
        #[serde(with = "role")]
        to: Role,
    },
    /// It was banned.
    #[serde(rename = "account.disabled")]
    Disabled,
    /// A link to sign in with was made on the host.
    #[serde(rename = "sign_in.link_made")]
    SignInLinkMade,
    /// Somebody signed in.
    #[serde(rename = "sign_in.confirmed")]
    SignedIn {
        /// By what.
        means: SignInMeans,
        /// The browser in words.
        agent: String,
        /// The network, coarse.
        network: String,
    },
    /// One session was ended.
    #[serde(rename = "session.ended")]
    SessionEnded,
    /// All sessions were ended.
    #[serde(rename = "sessions.all_ended")]
    AllSessionsEnded {
        /// How many.
        ended: u64,
    },
}

/// The role that an account was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MadeAs(#[serde(with = "role")] pub Role);

/// What a person showed to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInMeans {
    /// The link in a mail.
    #[serde(rename = "link")]
    Link,
    /// The code in a mail.
    #[serde(rename = "code")]
    Code,
    /// A link that was made on the host.
    #[serde(rename = "host link")]
    HostLink,
}

/// What happened to the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum CatalogEvent {
    /// A file was applied.
    #[serde(rename = "catalog.applied")]
    Applied {
        /// What changed, in words.
        changes: Vec<String>,
    },
}

/// What happened to all licenses at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum LicensesEvent {
    /// All were exported, with their keys.
    #[serde(rename = "licenses.exported")]
    Exported,
}

/// What happened to a request to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum LoginRequestEvent {
    /// It was made.
    #[serde(rename = "sign_in.requested")]
    Requested {
        /// The browser in words.
        agent: String,
        /// The network, coarse.
        network: String,
    },
}

/// What happened to a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum ProductEvent {
    /// A new database got it with the default catalog.
    #[serde(rename = "catalog.installed")]
    Installed,
}

/// What happened to a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum SigningKeyEvent {
    /// It was made.
    #[serde(rename = "signing_key.made")]
    Made,
    /// It signs from then on.
    #[serde(rename = "signing_key.rotated")]
    Rotated {
        /// The key that signed before.
        from: SigningKeyId,
    },
    /// What it signed is no longer good.
    #[serde(rename = "signing_key.retired")]
    Retired,
}

/// What happened to a license or to one of its machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum LicenseEvent {
    /// It was issued.
    #[serde(rename = "license.issued")]
    Issued {
        /// The policy's code.
        policy: String,
        /// Whether it came from a file.
        #[serde(default, skip_serializing_if = "is_false")]
        imported: bool,
    },
    /// It was suspended.
    #[serde(rename = "license.suspended")]
    Suspended,
    /// Its suspension was lifted.
    #[serde(rename = "license.reinstated")]
    Reinstated,
    /// It was revoked.
    #[serde(rename = "license.revoked")]
    Revoked,
    /// Its time began with its first use.
    #[serde(rename = "license.begun")]
    Begun {
        /// When it ends.
        #[serde(with = "instant_or_null")]
        until: Option<Timestamp>,
    },
    /// It was renewed.
    #[serde(rename = "license.renewed")]
    Renewed {
        /// Its end before.
        #[serde(with = "instant_or_null")]
        from: Option<Timestamp>,
        /// Its end from then on.
        #[serde(with = "instant")]
        to: Timestamp,
    },
    /// What it grants changed.
    #[serde(rename = "license.changed")]
    Changed(Box<LicenseDiff>),
    /// Its key was replaced.
    #[serde(rename = "license.key_replaced")]
    KeyReplaced,
    /// A license file was made.
    #[serde(rename = "license.checked_out")]
    CheckedOut {
        /// How long it lasts, in seconds.
        ttl: u32,
        /// When it ends.
        #[serde(with = "instant")]
        until: Timestamp,
    },
    /// A machine file was made.
    #[serde(rename = "machine.checked_out")]
    MachineCheckedOut {
        /// How long it lasts, in seconds.
        ttl: u32,
        /// When it ends.
        #[serde(with = "instant")]
        until: Timestamp,
        /// What the machine was called.
        name: String,
    },
    /// A machine was activated.
    #[serde(rename = "machine.activated")]
    MachineActivated {
        /// Which.
        machine: MachineId,
        /// The slot that it holds.
        slot: u32,
        /// What it was called.
        name: String,
    },
    /// A machine was deactivated.
    #[serde(rename = "machine.deactivated")]
    MachineDeactivated {
        /// Which.
        machine: MachineId,
        /// The slot that it held.
        slot: u32,
        /// What it was called.
        name: String,
        /// Why.
        #[serde(rename = "why")]
        reason: DeactivationReason,
    },
    /// A machine was renamed.
    #[serde(rename = "machine.renamed")]
    MachineRenamed {
        /// Which.
        machine: MachineId,
        /// What it was called before.
        from: String,
        /// What it was called from then on.
        name: String,
    },
}

/// Why a machine was deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeactivationReason {
    /// Somebody asked for it.
    Asked,
    /// Its heartbeat stopped.
    Heartbeat,
}

/// What changed about a license.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LicenseDiff {
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Change<AccountId>>,
    /// Its policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Change<PolicyId>>,
    /// Its expiry.
    #[serde(rename = "end", with = "expiry", skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Change<Expiry>>,
    /// Its own machine limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_machines: Option<Change<Option<u32>>>,
    /// Its own core limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cores: Option<Change<Option<u32>>>,
    /// Its own limit of uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<Change<Option<u32>>>,
    /// Its usage counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<Change<u32>>,
    /// Whether its metadata changed.
    #[serde(with = "metadata", skip_serializing_if = "is_false")]
    pub metadata: bool,
    /// Entitlements of its own that it got, by code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitlements_added: Vec<String>,
    /// Entitlements of its own that it lost, by code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitlements_removed: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl LicenseEvent {
    /// The event of this license.
    pub(crate) fn of(self, license: LicenseId) -> AuditEvent {
        AuditEvent::License(license, self)
    }
}

impl AccountEvent {
    /// The event of this account.
    pub(crate) fn of(self, account: AccountId) -> AuditEvent {
        AuditEvent::Account(account, self)
    }
}

impl SigningKeyEvent {
    /// The event of this key.
    pub(crate) fn of(self, key: SigningKeyId) -> AuditEvent {
        AuditEvent::SigningKey(key, self)
    }
}

/// An event in the words of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// What was done.
    pub verb: String,
    /// To what kind of record.
    pub subject_kind: String,
    /// To which record.
    pub subject_id: String,
    /// More, as a JSON object.
    pub detail: String,
}

/// The kind of subject whose history is a license's.
pub(crate) const LICENSE: &str = "license";

/// The kind of subject whose history is an account's.
pub(crate) const ACCOUNT: &str = "account";

const CATALOG: &str = "catalog";
const LICENSES: &str = "licenses";
const LOGIN_REQUEST: &str = "login_request";
const PRODUCT: &str = "product";
const SIGNING_KEY: &str = "signing_key";

/// What the subject of all licenses is called in place of an id.
const ALL: &str = "all";

impl AuditEvent {
    /// What was done, as the database calls it.
    pub fn verb(&self) -> String {
        self.stored().verb
    }

    /// Whether it gave a license another owner. What cannot be read may have.
    pub(crate) fn may_change_owner(&self) -> bool {
        match self {
            Self::License(_, LicenseEvent::Changed(diff)) => diff.owner.is_some(),
            Self::Unknown(_) => true,
            _ => false,
        }
    }

    /// The event as it is stored.
    pub(crate) fn stored(&self) -> StoredEvent {
        match self {
            Self::Account(id, event) => store(ACCOUNT, id.to_string(), event),
            Self::Catalog(event) => store(CATALOG, CATALOG.to_owned(), event),
            Self::License(id, event) => store(LICENSE, id.to_string(), event),
            Self::Licenses(event) => store(LICENSES, ALL.to_owned(), event),
            Self::LoginRequest(id, event) => store(LOGIN_REQUEST, id.to_string(), event),
            Self::Product(id, event) => store(PRODUCT, id.to_string(), event),
            Self::SigningKey(id, event) => store(SIGNING_KEY, id.to_string(), event),
            Self::Unknown(stored) => stored.clone(),
        }
    }

    /// Reads a stored event.
    pub(crate) fn read(stored: StoredEvent) -> Self {
        let id = stored.subject_id.as_str();
        let read = match stored.subject_kind.as_str() {
            ACCOUNT => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Account(id, event)),
            CATALOG => event(&stored).map(Self::Catalog),
            LICENSE => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::License(id, event)),
            LICENSES => event(&stored).map(Self::Licenses),
            LOGIN_REQUEST => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::LoginRequest(id, event)),
            PRODUCT => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Product(id, event)),
            SIGNING_KEY => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::SigningKey(id, event)),
            _ => None,
        };
        read.unwrap_or(Self::Unknown(stored))
    }
}

/// Serialization of these enums cannot fail: their keys are names and their values plain.
fn store(subject_kind: &str, subject_id: String, event: &impl Serialize) -> StoredEvent {
    let mut written = match serde_json::to_value(event) {
        Ok(Value::Object(written)) => written,
        _ => Map::new(),
    };
    let verb = match written.remove("verb") {
        Some(Value::String(verb)) => verb,
        _ => String::new(),
    };
    let detail = written.remove("detail").unwrap_or_else(|| json!({})).to_string();
    StoredEvent { verb, subject_kind: subject_kind.to_owned(), subject_id, detail }
}

fn event<E: DeserializeOwned>(stored: &StoredEvent) -> Option<E> {
    let detail: Map<String, Value> = serde_json::from_str(&stored.detail).ok()?;
    let is_empty = detail.is_empty();
    let with_detail = serde_json::from_value(json!({ "verb": stored.verb, "detail": detail }));
    // A variant without data has no detail to serde.
    with_detail.ok().or_else(|| is_empty.then(|| serde_json::from_value(json!({ "verb": stored.verb })).ok()).flatten())
}

#[cfg(test)]
mod tests;
