//! The rows that an import of licenses stages.

use latchkey_licensing::{
    account::Account,
    ids::{EntitlementId, LicenseId, SigningKeyId},
    license::License,
};

use crate::tables::operations::audit_log::AuditRow;

/// A staged license, which does not exist for anyone else until the import is published.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// The position among the rows of the import.
    pub number: i64,
    /// The line of the file on which the row begins.
    pub line: u64,
    /// The account to create, unless its address already has one.
    pub account: Account,
    /// The license, owned by that account.
    pub license: License,
    /// The encrypted license key.
    pub key_ciphertext: Vec<u8>,
    /// The keyed hash of the license key.
    pub key_lookup: [u8; 32],
    /// The signing key, if the license key is a signed key.
    pub signed_by: Option<SigningKeyId>,
    /// Whether the import generated the license key, rather than reading it from the file.
    pub is_key_generated: bool,
    /// The entitlements granted individually, without duplicates.
    pub entitlements: Vec<EntitlementId>,
    /// The audit row for the license.
    pub license_audit: AuditRow,
    /// The audit row for the account, written only if the account is created.
    pub account_audit: AuditRow,
}

/// A staged row whose id or key is taken by a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenRow {
    pub number: i64,
    /// The line of the file on which the row begins.
    pub line: u64,
    /// The id of the staged license.
    pub license: LicenseId,
    /// Whether the id is taken. Otherwise, it is the key.
    pub is_id_taken: bool,
}
