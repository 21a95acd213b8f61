//! What in the database prevents a change of the catalog.

use crate::catalog::impact::NewlyInvalid;

/// Why a catalog file cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogObstacle {
    /// Licenses are under a policy that would be removed.
    #[error("policy `{policy}` cannot be removed: {licenses} licenses are under it")]
    PolicyInUse {
        /// The policy's code.
        policy: String,
        /// The number of licenses.
        licenses: i64,
    },
    /// Orders are about a policy that would be removed.
    #[error("policy `{policy}` cannot be removed: {orders} order lines are about it")]
    PolicyOrdered {
        /// The policy's code.
        policy: String,
        /// The number of lines of orders.
        orders: i64,
    },
    /// An entitlement would be removed that licenses hold individually.
    #[error("entitlement `{code}` cannot be removed: {licenses} licenses hold it individually")]
    EntitlementInUse {
        /// The entitlement's code.
        code: String,
        /// The number of licenses.
        licenses: i64,
    },
    /// A policy with licenses would change its product, and the apps of these licenses ask for the current one.
    #[error("policies.{policy}.product: {licenses} licenses are under this policy, and their apps ask for `{product}`")]
    ProductInUse {
        /// The policy's code.
        policy: String,
        /// The current product's code.
        product: String,
        /// The number of licenses.
        licenses: i64,
    },
    /// A policy with licenses would require check-ins or heartbeats, which their apps do not send yet.
    #[error(
        "policies.{policy}.{field}: {licenses} licenses are under this policy, and their apps do not support that yet"
    )]
    NewRequirement {
        /// The policy's code.
        policy: String,
        /// The field that requires it.
        field: &'static str,
        /// The number of licenses.
        licenses: i64,
    },
    /// Licenses that are valid now would become invalid.
    #[error("policies.{policy}.{field}: {} licenses that are valid now would become invalid ({})", .found.count, .found.code.as_str())]
    WouldInvalidate {
        /// The policy's code.
        policy: String,
        /// The field that causes it.
        field: String,
        /// The affected licenses.
        found: NewlyInvalid,
    },
}
