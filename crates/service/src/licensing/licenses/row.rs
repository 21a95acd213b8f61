//! Licenses as they are imported and exported.

use latchkey_licensing::{
    email::EmailAddress,
    ids::LicenseId,
    license::{Expiry, License, Standing},
    license_key::LicenseKey,
    time::Timestamp,
};
use serde_json::{Map, Value};

/// A license to import or an exported one. An import needs only the address and the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseRow {
    /// The license's id. `None` creates one.
    pub id: Option<LicenseId>,
    /// The owner's address. An account is created if there is none with it.
    pub email: EmailAddress,
    /// The policy's code.
    pub policy: String,
    /// The license key. `None` creates one.
    pub key: Option<LicenseKey>,
    /// The vendor's decision on the license.
    pub standing: RowStanding,
    /// When the license expires. `None` follows the policy.
    pub expiry: Option<Expiry>,
    /// Overrides the policy's machine limit. `None` keeps it.
    pub max_machines: Option<u32>,
    /// Overrides the policy's core limit. `None` keeps it.
    pub max_cores: Option<u32>,
    /// Overrides the policy's limit of uses. `None` keeps it.
    pub max_uses: Option<u32>,
    /// The usage counter.
    pub uses: u32,
    /// Data that the vendor attached.
    pub metadata: Map<String, Value>,
    /// The license's own entitlements by code, without those of the policy.
    pub entitlements: Vec<String>,
    /// When the license was issued. `None` is the time of the import.
    pub created_at: Option<Timestamp>,
    /// When an app last checked in. `None` if none has.
    pub last_check_in_at: Option<Timestamp>,
}

/// A license's standing without its instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowStanding {
    /// In good standing.
    #[default]
    Good,
    /// Suspended.
    Suspended,
    /// Revoked.
    Revoked,
}

impl RowStanding {
    /// The standing that begins at `now`.
    pub(crate) fn since(self, now: Timestamp) -> Standing {
        match self {
            Self::Good => Standing::Good,
            Self::Suspended => Standing::Suspended(now),
            Self::Revoked => Standing::Revoked(now),
        }
    }
}

impl From<Standing> for RowStanding {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Good => Self::Good,
            Standing::Suspended(_) => Self::Suspended,
            Standing::Revoked(_) => Self::Revoked,
        }
    }
}

impl LicenseRow {
    /// A row with only the required fields.
    pub fn new(email: EmailAddress, policy: String) -> Self {
        Self {
            id: None,
            email,
            policy,
            key: None,
            standing: RowStanding::Good,
            expiry: None,
            max_machines: None,
            max_cores: None,
            max_uses: None,
            uses: 0,
            metadata: Map::new(),
            entitlements: Vec::new(),
            created_at: None,
            last_check_in_at: None,
        }
    }

    /// The row of a license. The caller adds the entitlements.
    pub(crate) fn of(
        license: &License,
        email: EmailAddress,
        policy: String,
        key: LicenseKey,
        metadata: Map<String, Value>,
    ) -> Self {
        Self {
            id: Some(license.id),
            key: Some(key),
            standing: license.standing.into(),
            expiry: Some(license.expiry),
            max_machines: license.max_machines,
            max_cores: license.max_cores,
            max_uses: license.max_uses,
            uses: license.uses,
            metadata,
            created_at: Some(license.created_at),
            last_check_in_at: license.last_check_in_at,
            ..Self::new(email, policy)
        }
    }
}
