//! The catalog in memory. Every request needs it, and it changes only a few times a year. The database counts its
//! changes. Each request reads this version number together with its license, so that the next request of every process
//! sees a change.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use latchkey_licensing::{entitlement::Entitlement, ids::PolicyId, policy::Policy, product::Product};
use latchkey_store::Conn;

use crate::error::Internal;

/// A policy with its product and its entitlements, which are sorted by id.
#[derive(Debug)]
pub(crate) struct PolicyTerms {
    pub(crate) policy: Policy,
    pub(crate) product: Product,
    pub(crate) entitlements: Vec<Entitlement>,
}

/// One version of the catalog.
#[derive(Debug)]
struct Snapshot {
    version: i64,
    policies: HashMap<PolicyId, Arc<PolicyTerms>>,
}

/// The latest version of the catalog that this process has read.
#[derive(Debug, Default)]
pub(crate) struct CatalogCache(RwLock<Option<Arc<Snapshot>>>);

impl CatalogCache {
    /// A policy with its product and entitlements, if catalog version `version` or later is in memory.
    pub(crate) fn get(&self, policy: PolicyId, version: i64) -> Option<Arc<PolicyTerms>> {
        let cached = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().filter(|snapshot| snapshot.version >= version)?.policies.get(&policy).cloned()
    }

    fn keep(&self, snapshot: Snapshot) {
        let mut cached = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if cached.as_ref().is_none_or(|kept| kept.version < snapshot.version) {
            *cached = Some(Arc::new(snapshot));
        }
    }

    /// A policy with its product and entitlements, from version `version` or later.
    pub(crate) async fn terms(
        &self,
        conn: &mut Conn,
        policy: PolicyId,
        version: i64,
    ) -> Result<Arc<PolicyTerms>, Internal> {
        if let Some(terms) = self.get(policy, version) {
            return Ok(terms);
        }
        let snapshot = Snapshot::read(conn).await?;
        let terms = snapshot.policies.get(&policy).cloned().ok_or(Internal::Invariant("a license has no policy"))?;
        // A transaction may have read changes that are rolled back.
        if !conn.is_writing() {
            self.keep(snapshot);
        }
        Ok(terms)
    }
}

impl Snapshot {
    /// Reads the whole catalog. If it changes in the meantime, it is read again.
    async fn read(conn: &mut Conn) -> Result<Self, Internal> {
        loop {
            let version = conn.catalog_version().await?;
            let products = conn.list_products().await?;
            let mut given: HashMap<PolicyId, Vec<Entitlement>> = HashMap::new();
            for (policy, entitlement) in conn.list_entitlements_of_policies().await? {
                given.entry(policy).or_default().push(entitlement);
            }
            let mut policies = HashMap::new();
            for policy in conn.list_policies().await? {
                let product = products.iter().find(|product| product.id == policy.product).cloned();
                let product = product.ok_or(Internal::Invariant("a policy has no product"))?;
                let entitlements = given.remove(&policy.id).unwrap_or_default();
                policies.insert(policy.id, Arc::new(PolicyTerms { policy, product, entitlements }));
            }
            if conn.catalog_version().await? == version {
                return Ok(Self { version, policies });
            }
        }
    }
}
