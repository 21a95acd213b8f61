//! A license with everything that its rules look at.

use std::sync::Arc;

use latchkey_licensing::{
    account::Account,
    activation,
    entitlement::Entitlement,
    ids::{AccountId, LicenseId},
    license::{License, LicenseStatus, Standing},
    license_key::LicenseKey,
    machine::{HeartbeatStatus, Machine},
    outage::Outage,
    policy::{ExpiryStrategy, Policy},
    product::Product,
    time::Timestamp,
};
use latchkey_store::{Conn, KeyLookup, KnownLicense, LicenseRecord, Tx};

use crate::{
    error::Internal,
    service::{Service, catalog_cache::PolicyTerms},
};

/// Why a key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthRefusal {
    /// Unknown, or not a key at all: one answer (LC-12).
    #[error("the license key is not known")]
    Unknown,
    /// Suspended.
    #[error("the license is suspended")]
    Suspended,
    /// Revoked.
    #[error("the license is revoked")]
    Revoked,
    /// Its owner is banned.
    #[error("the license's owner is banned")]
    Banned,
    /// Expired, under a policy that revokes access then.
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

/// A license as apps see it.
#[derive(Clone, Debug)]
pub struct LicenseDocument {
    /// The license.
    pub license: License,
    /// Its key.
    pub key: LicenseKey,
    terms: Arc<PolicyTerms>,
    /// Its status.
    pub status: LicenseStatus,
    /// How many machines are active.
    pub machine_count: usize,
    /// The sum of their cores, as far as known.
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

/// A machine as apps see it.
#[derive(Clone, Debug)]
pub struct MachineDocument {
    /// The machine.
    pub machine: Machine,
    /// Its heartbeat's state.
    pub heartbeat: HeartbeatStatus,
    /// When its next heartbeat is due, if the policy asks for heartbeats.
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

/// A license, its owner, its policy and its product.
#[derive(Clone, Debug)]
pub(crate) struct LicenseFacts {
    pub(crate) license: License,
    pub(crate) owner: Account,
    /// The keyed hash of the license's key.
    pub(crate) key_lookup: [u8; 32],
    /// How many entitlements the license has beside those of its policy.
    pub(crate) own_entitlements: u32,
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
        let facts = match self.cached_terms(record.license.policy, record.catalog_version) {
            Some(terms) => LicenseFacts::new(record, terms),
            None => {
                let mut reader = self.store().read_one().await?;
                self.license_facts(&mut reader, record).await?
            }
        };
        Ok(Some((facts, next_allowed_at, machines)))
    }

    /// Completes what was read of a license.
    pub(crate) async fn license_facts(&self, conn: &mut Conn, record: LicenseRecord) -> Result<LicenseFacts, Internal> {
        let terms = self.policy_terms(conn, record.license.policy, record.catalog_version).await?;
        Ok(LicenseFacts::new(record, terms))
    }

    /// Locks a license and reads it: what is decided then holds until the transaction ends. `None` if there is
    /// no such license.
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

    /// The entitlements of a license and of its policy, by id.
    pub(crate) async fn all_entitlements(
        &self,
        conn: &mut Conn,
        facts: &LicenseFacts,
    ) -> Result<Vec<Entitlement>, Internal> {
        let mut all = facts.terms.entitlements.clone();
        if facts.own_entitlements > 0 {
            all.extend(conn.list_license_entitlements(facts.license.id).await?);
            all.sort_by_key(|held| held.id);
            all.dedup_by_key(|held| held.id);
        }
        Ok(all)
    }
}

impl LicenseFacts {
    fn new(record: LicenseRecord, terms: Arc<PolicyTerms>) -> Self {
        let LicenseRecord { license, owner, key_lookup, own_entitlements, .. } = record;
        Self { license, owner, key_lookup, own_entitlements, terms }
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

    /// Whether the license's key opens the API at `now`.
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

    /// The license as apps see it.
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

    /// A machine of the license as apps see it.
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
}
