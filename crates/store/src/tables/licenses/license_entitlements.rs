//! Entitlements granted to individual licenses.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, LicenseId},
};

use crate::tables::methods;

methods! {
    license_entitlements:
    read {
        /// Entitlements granted to the license individually, by code, without those of its policy.
        list_license_entitlements(license: LicenseId) -> Vec<Entitlement>;
        /// Licenses' own entitlements, by code; those of their policies are not among them.
        list_own_entitlements(licenses: &[LicenseId]) -> Vec<(LicenseId, EntitlementCode)>;
        /// How many licenses hold an entitlement of their own.
        count_licenses_holding(id: EntitlementId) -> i64;
    }
    write {
        /// Revokes an individual entitlement. `false` if the license did not have it.
        remove_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
        /// Grants an entitlement to one license. `false` if it already had it.
        add_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
    }
}
