//! Which entitlements a license holds by itself.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, LicenseId},
};

use crate::tables::methods;

methods! {
    license_entitlements:
    read {
        /// A license's own entitlements, by code; those of its policy are not among them.
        list_license_entitlements(license: LicenseId) -> Vec<Entitlement>;
        /// Licenses' own entitlements, by code; those of their policies are not among them.
        list_own_entitlements(licenses: &[LicenseId]) -> Vec<(LicenseId, EntitlementCode)>;
        /// How many licenses hold an entitlement of their own.
        count_licenses_holding(id: EntitlementId) -> i64;
    }
    write {
        /// Takes an entitlement of its own from a license. `false` if it did not hold it.
        remove_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
        /// Gives an entitlement to one license. `false` if it held it already.
        add_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
    }
}
