//! The catalog: products, policies, entitlements and prices, exported and applied as a file.

pub(crate) mod file;
pub(crate) mod file_error;
pub(crate) mod human_duration;
pub(crate) mod impact;
pub(crate) mod names;
pub(crate) mod obstacle;
pub(crate) mod plan;
pub(crate) mod price_entry;
pub(crate) mod prices;
pub(crate) mod warnings;

use std::sync::Arc;

use latchkey_licensing::ids::PolicyId;
use latchkey_store::Conn;

use crate::{
    error::Internal,
    service::{Service, catalog_cache::PolicyTerms},
};

impl Service {
    /// Whether there are no products yet.
    pub async fn is_catalog_empty(&self) -> Result<bool, Internal> {
        Ok(self.store().read_without_snapshot().await?.count_products().await? == 0)
    }

    /// The same as [`policy_terms`](Self::policy_terms) from memory. `None` if they must be read.
    pub(crate) fn cached_terms(&self, policy: PolicyId, version: i64) -> Option<Arc<PolicyTerms>> {
        self.0.catalog.get(policy, version)
    }

    /// A policy with its product and entitlements, from catalog version `version` or later.
    pub(crate) async fn policy_terms(
        &self,
        conn: &mut Conn,
        policy: PolicyId,
        version: i64,
    ) -> Result<Arc<PolicyTerms>, Internal> {
        self.0.catalog.terms(conn, policy, version).await
    }
}
