//! What an import of licenses stages.

use latchkey_licensing::{
    account::Account,
    ids::{EntitlementId, LicenseId, SigningKeyId},
    license::License,
};

use crate::tables::operations::audit_log::AuditRow;

/// A license that is no license to anyone yet.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// Its number, which orders the rows of an import.
    pub number: i64,
    /// The line of the file on which it begins.
    pub line: u64,
    /// The account that is made for it, unless its address has one.
    pub account: Account,
    /// The license, owned by that account.
    pub license: License,
    /// Its key, encrypted.
    pub key_ciphertext: Vec<u8>,
    /// The keyed hash by which its key is found.
    pub key_lookup: [u8; 32],
    /// Which key signed its key, if it is a signed key.
    pub signed_by: Option<SigningKeyId>,
    /// Whether its key was made for it, and did not come with it.
    pub is_key_made: bool,
    /// Its own entitlements, each once.
    pub entitlements: Vec<EntitlementId>,
    /// That it was issued, for the audit log.
    pub issued: AuditRow,
    /// That its account was made, if it is.
    pub made: AuditRow,
}

/// A staged row whose id or key a license has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenRow {
    /// Its number.
    pub number: i64,
    /// Its line.
    pub line: u64,
    /// The id that it asks for.
    pub license: LicenseId,
    /// Whether it is the id that is taken.
    pub is_id_taken: bool,
}
