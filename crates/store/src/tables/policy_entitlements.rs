//! Which entitlements a policy gives to its licenses.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, PolicyId},
};

use crate::tables::methods;

methods! {
    policy_entitlements:
    read {
        /// A policy's own entitlements, by code.
        list_policy_entitlements(policy: PolicyId) -> Vec<Entitlement>;
        /// Every entitlement that a policy gives, by id.
        list_entitlements_of_policies() -> Vec<(PolicyId, Entitlement)>;
    }
    write {
        /// Takes an entitlement from every license of a policy. `false` if the policy did not give it.
        remove_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> bool;
        /// Gives an entitlement to every license of a policy. `false` if the policy gives it already.
        add_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> bool;
    }
}
