//! Entitlements that policies grant to their licenses.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, PolicyId},
};

use crate::tables::methods;

methods! {
    policy_entitlements:
    read {
        /// A policy's entitlements, by code.
        list_policy_entitlements(policy: PolicyId) -> Vec<Entitlement>;
        /// The entitlements of all policies, by id.
        list_entitlements_of_policies() -> Vec<(PolicyId, Entitlement)>;
    }
    write {
        /// Removes an entitlement from a policy. `false` if the policy did not grant it.
        remove_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> bool;
        /// Adds an entitlement to a policy. `false` if the policy already grants it.
        add_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> bool;
    }
}
