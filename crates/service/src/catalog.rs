//! Products, policies and entitlements: what a database starts with, and what a file says.

pub(crate) mod file;
pub(crate) mod file_error;
pub(crate) mod human_duration;
pub(crate) mod impact;
pub(crate) mod plan;

use std::sync::Arc;

use latchkey_licensing::ids::PolicyId;
use latchkey_store::Conn;

use crate::{
    error::Internal,
    service::{Service, catalog_cache::PolicyTerms},
};

impl Service {
    /// Whether there is nothing yet that a license could be for.
    pub async fn is_catalog_empty(&self) -> Result<bool, Internal> {
        Ok(self.store().read_one().await?.count_products().await? == 0)
    }

    /// A policy with what belongs to it, if it is in memory at the count of changes `version` or later.
    pub(crate) fn cached_terms(&self, policy: PolicyId, version: i64) -> Option<Arc<PolicyTerms>> {
        self.0.catalog.get(policy, version)
    }

    /// A policy with what belongs to it, at the count of changes `version` or later.
    pub(crate) async fn policy_terms(
        &self,
        conn: &mut Conn,
        policy: PolicyId,
        version: i64,
    ) -> Result<Arc<PolicyTerms>, Internal> {
        self.0.catalog.terms(conn, policy, version).await
    }
}
