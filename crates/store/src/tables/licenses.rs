//! Licenses and their keys.

pub(crate) mod imports;
pub(crate) mod license_notices;
pub(crate) mod license_records;

use latchkey_licensing::{
    ids::{LicenseId, SigningKeyId},
    license::{Expiry, License, Standing},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(Clone, Copy, Debug)]
pub struct StoredKey<'a> {
    /// The encrypted key.
    pub ciphertext: &'a [u8],
    /// The keyed hash by which the license is found.
    pub lookup: &'a [u8; 32],
    /// The signing key, if the license key is a signed key.
    pub signed_by: Option<SigningKeyId>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct LicenseRow {
    id: Uuid,
    account_id: Uuid,
    product_id: Uuid,
    policy_id: Uuid,
    key_prefix: String,
    key_tail: String,
    suspended_at: Option<i64>,
    revoked_at: Option<i64>,
    expires_at: Option<i64>,
    ends_after_first_use: bool,
    max_machines: Option<i64>,
    max_cores: Option<i64>,
    max_uses: Option<i64>,
    uses: i64,
    metadata: String,
    last_validated_at: Option<i64>,
    last_check_in_at: Option<i64>,
    last_check_out_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<LicenseRow> for License {
    type Error = StoreError;

    fn try_from(row: LicenseRow) -> Result<Self> {
        let origin = Origin::new("licenses", row.id);
        let standing = match (row.suspended_at, row.revoked_at) {
            (None, None) => Standing::Good,
            (Some(at), None) => Standing::Suspended(Timestamp::from_unix_micros(at)),
            (None, Some(at)) => Standing::Revoked(Timestamp::from_unix_micros(at)),
            (Some(_), Some(_)) => return Err(origin.corrupt("the license is both suspended and revoked")),
        };
        let expiry = match (row.expires_at, row.ends_after_first_use) {
            (None, false) => Expiry::Never,
            (None, true) => Expiry::AfterFirstUse,
            (Some(at), false) => Expiry::At(Timestamp::from_unix_micros(at)),
            (Some(_), true) => return Err(origin.corrupt("the license expires before its first use")),
        };
        let limit = |limit: Option<i64>| limit.map(|limit| origin.count(limit)).transpose();
        Ok(Self {
            id: LicenseId::from(row.id),
            account: row.account_id.into(),
            product: row.product_id.into(),
            policy: row.policy_id.into(),
            key_prefix: row.key_prefix,
            key_tail: row.key_tail,
            standing,
            expiry,
            max_machines: limit(row.max_machines)?,
            max_cores: limit(row.max_cores)?,
            max_uses: limit(row.max_uses)?,
            uses: origin.count(row.uses)?,
            metadata: row.metadata,
            last_validated_at: row.last_validated_at.map(Timestamp::from_unix_micros),
            last_check_in_at: row.last_check_in_at.map(Timestamp::from_unix_micros),
            last_check_out_at: row.last_check_out_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
        })
    }
}

/// The columns `suspended_at` and `revoked_at`.
pub(crate) fn standing_columns(standing: Standing) -> (Option<i64>, Option<i64>) {
    match standing {
        Standing::Good => (None, None),
        Standing::Suspended(at) => (Some(at.unix_micros()), None),
        Standing::Revoked(at) => (None, Some(at.unix_micros())),
    }
}

/// The columns `expires_at` and `ends_after_first_use`.
pub(crate) fn expiry_columns(expiry: Expiry) -> (Option<i64>, bool) {
    match expiry {
        Expiry::Never => (None, false),
        Expiry::At(at) => (Some(at.unix_micros()), false),
        Expiry::AfterFirstUse => (None, true),
    }
}
