//! Licenses and their keys.

use latchkey_licensing::{
    ids::{AccountId, LicenseId, PolicyId, SigningKeyId},
    license::{Expiry, License, Standing},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    filter::LicenseFilter,
    page::Page,
    tables::{Origin, methods},
};

#[derive(Clone, Copy, Debug)]
pub struct StoredKey<'a> {
    /// The encrypted key.
    pub ciphertext: &'a [u8],
    /// The keyed hash by which it is found.
    pub lookup: &'a [u8; 32],
    /// The signing key, if it is a signed key.
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

methods! {
    licenses:
    read {
        find_license(id: LicenseId) -> Option<License>;
        /// Finds a license by the keyed hash of its key.
        find_license_by_key(lookup: &[u8; 32]) -> Option<License>;
        /// An account's licenses, oldest first.
        list_licenses_of(account: AccountId) -> Vec<License>;
        /// All licenses, by id, after `after`.
        list_licenses(after: Option<LicenseId>, limit: i64) -> Vec<License>;
        /// Licenses that match a filter, by id, after `after`.
        list_licenses_by(filter: &LicenseFilter, after: Option<LicenseId>, limit: u32) -> Page<License, LicenseId>;
        /// A policy's licenses, by id, after `after`.
        list_licenses_under(policy: PolicyId, after: Option<LicenseId>, limit: i64) -> Vec<License>;
        count_licenses_under(policy: PolicyId) -> i64;
        /// How many licenses have a key signed with this signing key.
        count_licenses_signed_by(key: SigningKeyId) -> i64;
        /// The encrypted license key.
        get_key_ciphertext(id: LicenseId) -> Vec<u8>;
        /// The keys of licenses, encrypted.
        list_key_ciphertexts(licenses: &[LicenseId]) -> Vec<(LicenseId, Vec<u8>)>;
    }
    write {
        insert_license(license: &License, key: StoredKey<'_>) -> ();
        /// `false` if the id or the key is taken.
        insert_license_if_free(license: &License, key: StoredKey<'_>) -> bool;
        /// Writes everything that a decision may change. The license must be locked.
        update_license(license: &License) -> ();
        /// Replaces a license's key.
        set_license_key(id: LicenseId, key: StoredKey<'_>, prefix: &str, tail: &str, now: Timestamp) -> ();
        /// Locks a license and its machines against changes until the transaction ends. `false` if there is
        /// no such license.
        lock_license(id: LicenseId) -> bool;
        /// Records when licenses were last validated. Never moves a time back.
        note_licenses_validated(validated: &[(LicenseId, Timestamp)]) -> ();
    }
}
