//! A license as it comes from elsewhere, or goes there.

use latchkey_licensing::{
    email::EmailAddress,
    ids::LicenseId,
    license::{Expiry, License, Standing},
    license_key::LicenseKey,
    time::Timestamp,
};
use serde_json::{Map, Value};

/// A license to import, or one that is exported. On the way in, address and policy are enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseRow {
    /// Its id; `None` makes one.
    pub id: Option<LicenseId>,
    /// Its owner's address; an account is made where there is none.
    pub email: EmailAddress,
    /// Its policy's code.
    pub policy: String,
    /// Its key; `None` makes one.
    pub key: Option<LicenseKey>,
    /// What the vendor decided about it.
    pub standing: RowStanding,
    /// When it expires. `None` follows the policy.
    pub expiry: Option<Expiry>,
    /// A machine limit of its own.
    pub max_machines: Option<u32>,
    /// A core limit of its own.
    pub max_cores: Option<u32>,
    /// A limit of uses of its own.
    pub max_uses: Option<u32>,
    /// Where its usage counter stands.
    pub uses: u32,
    /// What is attached to it.
    pub metadata: Map<String, Value>,
    /// Its own entitlements, by code; those of its policy are not among them.
    pub entitlements: Vec<String>,
    /// When it was issued; `None` is now.
    pub created_at: Option<Timestamp>,
    /// When an app last checked in.
    pub last_check_in_at: Option<Timestamp>,
}

/// A license's standing, without the instant since when.
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
    /// A row that says no more than it must.
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

    /// The row of a license; its entitlements are left to the caller.
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
