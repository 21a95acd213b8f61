//! Licenses, their entitlements, and imports of licenses.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{AccountId, EntitlementId, ImportId, LicenseId, OrderId, PolicyId, SigningKeyId},
    license::License,
    machine::Machine,
    time::Timestamp,
};

use super::dispatch::methods;
use crate::page::Page;
use crate::tables::licenses::{
    StoredKey,
    imports::{ImportRow, TakenRow},
    license_notices::{EndingLicense, EndingSearch},
    license_records::{KeyLookup, KnownLicense, LicenseRecord},
};

methods! {
    licenses {
        read {
            find_license(id: LicenseId) -> Option<License>;
            /// Lists an account's licenses, oldest first.
            list_licenses_of(account: AccountId) -> Vec<License>;
            /// Lists an account's licenses, oldest first, after `after`: those whose key ends with a text, ignoring case.
            list_licenses_page_of(account: AccountId, key_end: &str, after: Option<LicenseId>, now: Timestamp, limit: u32) -> Page<License, LicenseId>;
            /// Lists the licenses that an order bought, by id.
            list_licenses_of_order(order: OrderId) -> Vec<License>;
            /// Lists all licenses, by id, after `after`.
            list_licenses(after: Option<LicenseId>, limit: i64) -> Vec<License>;
            /// Lists a policy's licenses, by id, after `after`.
            list_licenses_under(policy: PolicyId, after: Option<LicenseId>, limit: i64) -> Vec<License>;
            count_licenses_under(policy: PolicyId) -> i64;
            /// Counts the licenses under each policy that has any.
            count_licenses_by_policy() -> Vec<(PolicyId, i64)>;
            /// Counts the licenses whose key is signed with this signing key.
            count_licenses_signed_by(key: SigningKeyId) -> i64;
            get_key_ciphertext(id: LicenseId) -> Vec<u8>;
            /// Lists the encrypted keys of these licenses.
            list_key_ciphertexts(licenses: &[LicenseId]) -> Vec<(LicenseId, Vec<u8>)>;
        }
        write {
            insert_license(license: &License, key: StoredKey<'_>) -> ();
            /// `false` if the id or the key is taken.
            insert_license_if_free(license: &License, key: StoredKey<'_>) -> bool;
            /// Writes everything that a decision can change. The license must be locked.
            update_license(license: &License) -> ();
            /// Erases what the vendor attached to an account's licenses.
            erase_license_metadata_of(account: AccountId, now: Timestamp) -> u64;
            /// Replaces a license's key.
            set_license_key(id: LicenseId, key: StoredKey<'_>, prefix: &str, tail: &str, now: Timestamp) -> ();
            /// Locks a license and its machines against changes until the transaction ends, if it exists.
            lock_license(id: LicenseId) -> ();
            /// Records when licenses were last validated. Never moves a time back.
            note_licenses_validated(validated: &[(LicenseId, Timestamp)]) -> ();
        }
    }

    license_entitlements {
        read {
            /// Lists the entitlements granted to a license individually, by code.
            list_license_entitlements(license: LicenseId) -> Vec<Entitlement>;
            /// Lists the entitlements granted to these licenses individually, by code.
            list_individual_entitlements(licenses: &[LicenseId]) -> Vec<(LicenseId, EntitlementCode, String)>;
            /// Counts the licenses to which an entitlement is granted individually.
            count_licenses_holding(id: EntitlementId) -> i64;
        }
        write {
            /// Grants an entitlement to a license. `false` if it was already granted individually.
            add_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
            /// Revokes an individual entitlement. `false` if the license did not have it.
            remove_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
        }
    }

    license_notices {
        read {
            /// Lists licenses in good standing that expire soon, whose owners are not banned and have not been
            /// reminded. Those that expire first come first.
            list_ending_licenses(search: &EndingSearch<'_>, limit: i64) -> Vec<EndingLicense>;
        }
        write {
            /// Records reminders of licenses with these expiries. Returns those that had not been recorded.
            insert_license_notices(kind: &str, ending: &[(LicenseId, Timestamp)], now: Timestamp) -> Vec<LicenseId>;
        }
    }

    license_records {
        read {
            /// Finds at most 32 licenses by their keys. Requests call
            /// [`Store::find_license_by_key`](crate::Store::find_license_by_key), which shares statements.
            find_licenses_by_keys(lookups: &[KeyLookup]) -> Vec<crate::error::Result<Option<KnownLicense>>>;
            find_license_record(id: LicenseId) -> Option<LicenseRecord>;
            /// Lists those of the licenses that exist, in no particular order.
            list_license_records(licenses: &[LicenseId]) -> Vec<LicenseRecord>;
            /// Finds a license and its active machines, by slot.
            find_license_record_with_machines(id: LicenseId) -> Option<(LicenseRecord, Vec<Machine>)>;
        }
        write {}
    }

    imports {
        read {
            /// Lists those of the ids that are taken by a license or by a row that this import has staged.
            list_taken_ids(import: ImportId, licenses: &[LicenseId]) -> Vec<LicenseId>;
            /// Lists those of the keys that are taken by a license or by a row that this import has staged.
            list_taken_keys(import: ImportId, lookups: &[[u8; 32]]) -> Vec<[u8; 32]>;
            /// Lists the staged rows whose id or key is taken by a license, by number.
            list_taken_rows(import: ImportId) -> Vec<TakenRow>;
            /// Counts the staged rows without a key of their own whose customer has a license under the same policy.
            count_repeated_rows(import: ImportId) -> i64;
            /// Lists the signing keys of the staged rows' license keys, and whether the import generated those
            /// license keys.
            list_import_signers(import: ImportId) -> Vec<(SigningKeyId, bool)>;
        }
        write {
            /// Stages rows of an import.
            insert_import_rows(import: ImportId, rows: &[ImportRow]) -> ();
            /// Turns every staged row into a license with its account, entitlements and audit rows. Returns the
            /// number of licenses.
            publish_import(import: ImportId) -> u64;
            delete_import_row(import: ImportId, number: i64) -> ();
            /// Deletes at most `at_most` staged rows of an import.
            delete_import_rows(import: ImportId, at_most: i64) -> u64;
            /// Deletes at most `at_most` staged rows of imports that began before `instant`.
            delete_import_rows_before(instant: Timestamp, at_most: i64) -> u64;
        }
    }
}
