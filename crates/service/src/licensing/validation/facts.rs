//! A license with everything that its rules depend on.

use std::sync::Arc;

use latchkey_licensing::{
    account::Account,
    activation,
    component::Component,
    entitlement::Entitlement,
    ids::{AccountId, LicenseId},
    license::{License, LicenseStatus, Standing},
    license_key::LicenseKey,
    machine::{HeartbeatStatus, Machine},
    outage::Outage,
    policy::{ExpiryStrategy, Policy},
    process::{Process, ProcessStatus},
    product::Product,
    time::Timestamp,
};
use latchkey_store::{Conn, KeyLookup, KnownLicense, LicenseRecord, Tx};

use crate::{
    error::Internal,
    service::{Service, catalog_cache::PolicyTerms},
};

/// Why a license key is rejected.
#[derive(Debug, thiserror::Error)]
pub enum AuthRefusal {
    /// The key is unknown or malformed. These are not distinguished (LC-12).
    #[error("the license key is not known")]
    Unknown,
    /// The license is suspended.
    #[error("the license is suspended")]
    Suspended,
    /// The license is revoked.
    #[error("the license is revoked")]
    Revoked,
    /// The license's owner is banned.
    #[error("the license's owner is banned")]
    Banned,
    /// The license has expired and its policy revokes access.
    #[error("the license is expired")]
    Expired,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for AuthRefusal {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// A license as shown to apps.
#[derive(Clone, Debug)]
pub struct LicenseDocument {
    /// The license.
    pub license: License,
    /// The license key.
    pub key: LicenseKey,
    terms: Arc<PolicyTerms>,
    /// The license's status.
    pub status: LicenseStatus,
    /// The number of active machines.
    pub machine_count: usize,
    /// The total number of their cores. Machines that did not report theirs count as 0.
    pub core_count: u64,
}

impl LicenseDocument {
    /// The license's policy.
    pub fn policy(&self) -> &Policy {
        &self.terms.policy
    }

    /// The license's product.
    pub fn product(&self) -> &Product {
        &self.terms.product
    }
}

/// A machine as shown to apps.
#[derive(Clone, Debug)]
pub struct MachineDocument {
    /// The machine.
    pub machine: Machine,
    /// The state of its heartbeat.
    pub heartbeat: HeartbeatStatus,
    /// When the next heartbeat is due. `None` before the first, or if the policy does not require heartbeats.
    pub next_heartbeat_at: Option<Timestamp>,
    terms: Arc<PolicyTerms>,
    /// The license's owner.
    pub owner: AccountId,
}

impl MachineDocument {
    /// The policy of the machine's license.
    pub fn policy(&self) -> &Policy {
        &self.terms.policy
    }
}

/// A component as shown to apps.
#[derive(Clone, Debug)]
pub struct ComponentDocument {
    /// The component.
    pub component: Component,
    terms: Arc<PolicyTerms>,
}

impl ComponentDocument {
    /// The policy of the machine's license.
    pub fn policy(&self) -> &Policy {
        &self.terms.policy
    }
}

/// A process as shown to apps.
#[derive(Clone, Debug)]
pub struct ProcessDocument {
    /// The process.
    pub process: Process,
    /// Its state.
    pub status: ProcessStatus,
    terms: Arc<PolicyTerms>,
}

impl ProcessDocument {
    /// The policy of the machine's license.
    pub fn policy(&self) -> &Policy {
        &self.terms.policy
    }
}

/// A license, its owner, its policy and its product.
#[derive(Clone, Debug)]
pub(crate) struct LicenseFacts {
    pub(crate) license: License,
    pub(crate) owner: Account,
    /// The keyed hash of the license's key.
    pub(crate) key_lookup: [u8; 32],
    /// The number of entitlements that the license has in addition to those of its policy.
    pub(crate) individual_entitlements: u32,
    pub(crate) terms: Arc<PolicyTerms>,
}

/// A license, what its rate-limit bucket stores, and its machines if they were asked for.
type Read = (LicenseFacts, Option<Timestamp>, Option<Vec<Machine>>);

impl Service {
    /// Reads the license with a key, together with a rate-limit bucket.
    pub(crate) async fn read_license(
        &self,
        key_lookup: [u8; 32],
        bucket: String,
        with_machines: bool,
    ) -> Result<Option<Read>, Internal> {
        let lookup = KeyLookup { key_lookup, bucket, with_machines };
        let Some(found) = self.store().find_license_by_key(lookup).await? else {
            return Ok(None);
        };
        let KnownLicense { record, next_allowed_at, machines } = found;
        let facts = if let Some(terms) = self.cached_terms(record.license.policy, record.catalog_version) {
            LicenseFacts::new(record, terms)
        } else {
            // The catalog is read by several statements, so it takes a snapshot.
            let mut reader = self.store().read().await?;
            self.license_facts(&mut reader, record).await?
        };
        Ok(Some((facts, next_allowed_at, machines)))
    }

    /// Adds the policy and the product to what was read of a license.
    pub(crate) async fn license_facts(&self, conn: &mut Conn, record: LicenseRecord) -> Result<LicenseFacts, Internal> {
        let terms = self.policy_terms(conn, record.license.policy, record.catalog_version).await?;
        Ok(LicenseFacts::new(record, terms))
    }

    /// Locks a license until the transaction ends, and reads it. `None` if there is no such license.
    pub(crate) async fn lock_license(&self, tx: &mut Tx, id: LicenseId) -> Result<Option<LicenseFacts>, Internal> {
        tx.lock_license(id).await?;
        match tx.find_license_record(id).await? {
            Some(record) => self.license_facts(tx, record).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same, with the license's active machines by slot.
    pub(crate) async fn lock_license_with_machines(
        &self,
        tx: &mut Tx,
        id: LicenseId,
    ) -> Result<Option<(LicenseFacts, Vec<Machine>)>, Internal> {
        tx.lock_license(id).await?;
        match tx.find_license_record_with_machines(id).await? {
            Some((record, machines)) => Ok(Some((self.license_facts(tx, record).await?, machines))),
            None => Ok(None),
        }
    }

    /// The entitlements of a license and of its policy, sorted by id, without duplicates.
    pub(crate) async fn all_entitlements(
        &self,
        conn: &mut Conn,
        facts: &LicenseFacts,
    ) -> Result<Vec<Entitlement>, Internal> {
        let mut all = facts.terms.entitlements.clone();
        if facts.individual_entitlements > 0 {
            all.extend(conn.list_license_entitlements(facts.license.id).await?);
            all.sort_by_key(|held| held.id);
            all.dedup_by_key(|held| held.id);
        }
        Ok(all)
    }
}

impl LicenseFacts {
    fn new(record: LicenseRecord, terms: Arc<PolicyTerms>) -> Self {
        let LicenseRecord { license, owner, key_lookup, individual_entitlements, .. } = record;
        Self { license, owner, key_lookup, individual_entitlements, terms }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.terms.policy
    }

    pub(crate) fn product(&self) -> &Product {
        &self.terms.product
    }

    pub(crate) fn owner_is_banned(&self) -> bool {
        self.owner.disabled_at.is_some()
    }

    /// Fails if the license's key may not be used for the API at `now`.
    pub(crate) fn may_use_api(&self, now: Timestamp) -> Result<(), AuthRefusal> {
        if self.owner_is_banned() {
            return Err(AuthRefusal::Banned);
        }
        match self.license.standing {
            Standing::Suspended(_) => return Err(AuthRefusal::Suspended),
            Standing::Revoked(_) => return Err(AuthRefusal::Revoked),
            Standing::Good => {}
        }
        if self.policy().expiry_strategy == ExpiryStrategy::RevokeAccess && self.license.is_expired(now) {
            return Err(AuthRefusal::Expired);
        }
        Ok(())
    }

    /// Whether the license may be activated and checked out. An expired license of which the app would accept neither may
    /// not take a place or give out a file that is refused later.
    pub(crate) fn may_begin_use(&self, now: Timestamp) -> Result<(), AuthRefusal> {
        self.may_use_api(now)?;
        let stops =
            matches!(self.policy().expiry_strategy, ExpiryStrategy::RestrictAccess | ExpiryStrategy::RevokeAccess);
        if stops && self.license.is_expired(now) { Err(AuthRefusal::Expired) } else { Ok(()) }
    }

    /// The license as shown to apps.
    pub(crate) fn document(&self, machines: &[Machine], key: &LicenseKey, now: Timestamp) -> LicenseDocument {
        LicenseDocument {
            key: key.clone(),
            license: self.license.clone(),
            terms: self.terms.clone(),
            status: self.license.status(self.owner_is_banned(), machines, now),
            machine_count: machines.len(),
            core_count: activation::core_count(machines),
        }
    }

    /// A machine of the license as shown to apps.
    pub(crate) fn machine_document(&self, machine: Machine, outages: &[Outage], now: Timestamp) -> MachineDocument {
        let counted = machine.with_outages(self.policy(), outages);
        MachineDocument {
            heartbeat: counted.heartbeat(self.policy(), now),
            next_heartbeat_at: counted.next_heartbeat_at(self.policy()),
            machine,
            terms: self.terms.clone(),
            owner: self.license.account,
        }
    }

    /// A component of one of the license's machines as shown to apps.
    pub(crate) fn component_document(&self, component: Component) -> ComponentDocument {
        ComponentDocument { component, terms: self.terms.clone() }
    }

    /// A process on one of the license's machines as shown to apps.
    pub(crate) fn process_document(&self, process: Process, alive_since: Timestamp) -> ProcessDocument {
        ProcessDocument { status: process.status(alive_since), process, terms: self.terms.clone() }
    }
}
