//! What an app may do that shows a license key: validate, activate, list, heartbeat, deactivate.

use std::collections::BTreeSet;
use std::time::Duration;

use latchkey_licensing::{
    activation::{self, ActivateRefusal},
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, LicenseId, MachineId},
    key::LicenseKey,
    license::{License, LicenseStatus, Standing},
    machine::{Fingerprint, HeartbeatStatus, Machine, MachineFacts},
    policy::{ExpiryStrategy, HeartbeatCull, Policy},
    time::Timestamp,
    validation::{self, Scope, Subject, Verdict},
};
use latchkey_store::{Account, MachineEnd, Product, Reader, Tx};
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::{
    Service,
    audit::{Actor, Event},
    error::Internal,
    vault::plain_hash,
};

/// How far "last seen" and "last validated" may lag, which saves a write a request.
const SEEN_RESOLUTION: Duration = Duration::from_mins(1);

/// More machines than any license has in practice; a bound on what one request reads.
const ALL_MACHINES: i64 = 100_000;

/// More entitlements than any license has in practice.
const ALL_ENTITLEMENTS: i64 = 10_000;

/// The use cases of apps.
#[derive(Clone, Copy, Debug)]
pub struct Apps<'a>(&'a Service);

/// An app that showed the key of a license which may use the API.
#[derive(Clone, Debug)]
pub struct Licensee {
    service: Service,
    subject: Facts,
}

/// A license with everything that its rules look at.
#[derive(Clone, Debug)]
struct Facts {
    license: License,
    policy: Policy,
    product: Product,
    owner: Account,
    key_lookup: [u8; 32],
}

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
    /// Over, under a policy that revokes access then.
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
    /// Its policy.
    pub policy: Policy,
    /// Its product.
    pub product: Product,
    /// Its status.
    pub status: LicenseStatus,
    /// How many machines are active.
    pub machine_count: usize,
    /// The sum of their cores, as far as known.
    pub core_count: u64,
}

/// A machine as apps see it.
#[derive(Clone, Debug)]
pub struct MachineDocument {
    /// The machine.
    pub machine: Machine,
    /// Its heartbeat's state.
    pub heartbeat: HeartbeatStatus,
    /// The policy of its license.
    pub policy: Policy,
    /// The license's owner.
    pub owner: latchkey_licensing::ids::AccountId,
}

/// A page of a list; `next` continues after it.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<C>,
}

/// A machine to activate.
#[derive(Clone, Debug)]
pub struct NewMachine {
    /// What the app identifies it by.
    pub fingerprint: Fingerprint,
    /// What the app tells about it.
    pub facts: MachineFacts,
    /// What the app attaches, a JSON object as text.
    pub metadata: String,
}

/// Why a machine was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// It is active already; nothing changed.
    #[error("the fingerprint is active already")]
    FingerprintTaken,
    /// All slots are held.
    #[error("all {limit} machines are in use")]
    MachineLimit {
        /// The limit in force.
        limit: u32,
        /// The machines that hold the slots.
        holders: Vec<Machine>,
    },
    /// The license lost its good standing after its key was checked.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for ActivateError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// A heartbeat that was taken.
#[derive(Clone, Debug)]
pub struct Beat {
    /// The machine afterwards.
    pub machine: MachineDocument,
}

/// Why a heartbeat was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BeatError {
    /// There is no such active machine under this license.
    #[error("there is no such machine")]
    NotFound,
    /// The heartbeat stopped before and the policy lets such machines go.
    #[error("the machine's heartbeat had stopped")]
    Dead,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for BeatError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Service {
    /// The use cases of apps.
    pub fn apps(&self) -> Apps<'_> {
        Apps(self)
    }
}

impl Apps<'_> {
    /// Checks a license key that is shown as a credential.
    pub async fn authenticate(&self, key: &str) -> Result<Licensee, AuthRefusal> {
        let mut reader = self.0.store().read().await?;
        let facts = self.find(&mut reader, key).await?.ok_or(AuthRefusal::Unknown)?;
        may_use_api(&facts.license, &facts.policy, &facts.owner, self.0.now())?;
        Ok(Licensee { service: self.0.clone(), subject: facts })
    }

    /// Validates a key without a credential. `None` if it is not known.
    pub async fn validate_key(&self, key: &str, scope: &Scope) -> Result<Option<(Verdict, LicenseDocument)>, Internal> {
        let mut reader = self.0.store().read().await?;
        let Some(facts) = self.find(&mut reader, key).await? else {
            return Ok(None);
        };
        drop(reader);
        self.0.validate(facts, scope).await.map(Some)
    }

    async fn find(&self, reader: &mut Reader, key: &str) -> Result<Option<Facts>, Internal> {
        let Ok(key) = LicenseKey::parse(key) else {
            return Ok(None);
        };
        let key_lookup = self.0.0.vault.key_lookup(&key);
        let Some(license) = reader.find_license_by_key(&key_lookup).await? else {
            return Ok(None);
        };
        let policy = reader.find_policy(license.policy).await?.ok_or(Internal::Broken("a license has no policy"))?;
        let product =
            reader.find_product(license.product).await?.ok_or(Internal::Broken("a license has no product"))?;
        let owner = reader.find_account(license.account).await?.ok_or(Internal::Broken("a license has no owner"))?;
        Ok(Some(Facts { license, policy, product, owner, key_lookup }))
    }
}

/// Whether a license's key opens the API at `now`.
fn may_use_api(license: &License, policy: &Policy, owner: &Account, now: Timestamp) -> Result<(), AuthRefusal> {
    if owner.disabled_at.is_some() {
        return Err(AuthRefusal::Banned);
    }
    match license.standing {
        Standing::Suspended(_) => return Err(AuthRefusal::Suspended),
        Standing::Revoked(_) => return Err(AuthRefusal::Revoked),
        Standing::Good => {}
    }
    if policy.expiry == ExpiryStrategy::RevokeAccess && license.is_expired(now) {
        return Err(AuthRefusal::Expired);
    }
    Ok(())
}

impl Service {
    async fn validate(&self, mut facts: Facts, scope: &Scope) -> Result<(Verdict, LicenseDocument), Internal> {
        let now = self.now();
        let mut reader = self.store().read().await?;
        let machines = reader.list_machines(facts.license.id, None, ALL_MACHINES).await?;
        let held = reader.list_entitlements(facts.license.id, facts.license.policy, None, ALL_ENTITLEMENTS).await?;
        drop(reader);
        let entitlements: BTreeSet<EntitlementCode> = held.into_iter().map(|held| held.code).collect();
        let subject = Subject {
            license: &facts.license,
            policy: &facts.policy,
            owner_is_banned: facts.owner.disabled_at.is_some(),
            owner_email: facts.owner.email.as_str(),
            entitlements: &entitlements,
            machines: &machines,
        };
        let verdict = validation::validate(&subject, &facts.product.code, scope, now);
        let named = machines.iter().filter(|machine| {
            let by_id = scope.machine.as_deref() == Some(machine.id.to_string().as_str());
            let fingerprints = scope.fingerprints.iter().flatten();
            by_id || fingerprints.into_iter().any(|wanted| wanted == machine.fingerprint.as_str())
        });
        self.note_use(&facts.license, named, now).await?;
        facts.license.last_validated_at = Some(now);
        let document = self.document(&facts, &machines, now).await?;
        Ok((verdict, document))
    }

    /// Notes that a license and its machines are in use, at most once a minute each.
    async fn note_use<'a>(
        &self,
        license: &License,
        machines: impl Iterator<Item = &'a Machine>,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let is_stale = |at: Timestamp| now.since(at) >= SEEN_RESOLUTION;
        let license_is_stale = license.last_validated_at.is_none_or(is_stale);
        let stale: Vec<MachineId> =
            machines.filter(|machine| is_stale(machine.last_seen_at)).map(|machine| machine.id).collect();
        if !license_is_stale && stale.is_empty() {
            return Ok(());
        }
        let mut tx = self.store().write().await?;
        if license_is_stale {
            tx.set_license_validated(license.id, now).await?;
        }
        for machine in stale {
            tx.set_machine_seen(machine, now).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn document(&self, facts: &Facts, machines: &[Machine], now: Timestamp) -> Result<LicenseDocument, Internal> {
        let sealed = self.store().read().await?.get_key_ciphertext(facts.license.id).await?;
        Ok(LicenseDocument {
            key: self.0.vault.open_key(facts.license.id, &sealed)?,
            license: facts.license.clone(),
            policy: facts.policy.clone(),
            product: facts.product.clone(),
            status: facts.license.status(facts.owner.disabled_at.is_some(), now),
            machine_count: machines.len(),
            core_count: machines.iter().filter_map(|machine| machine.facts.cores).map(u64::from).sum(),
        })
    }
}

impl Licensee {
    /// The license's id.
    pub fn license_id(&self) -> LicenseId {
        self.subject.license.id
    }

    /// Whether `text`, an id or a key in an URL, is this license.
    pub fn is_named(&self, text: &str) -> bool {
        text.parse() == Ok(self.subject.license.id)
            || LicenseKey::parse(text)
                .is_ok_and(|key| self.service.0.vault.key_lookup(&key).ct_eq(&self.subject.key_lookup).into())
    }

    /// The license's page in the portal.
    pub fn portal_page(&self) -> String {
        self.service.license_page(self.subject.license.id)
    }

    /// The license.
    pub async fn license(&self) -> Result<LicenseDocument, Internal> {
        let machines = self.service.store().read().await?.list_machines(self.license_id(), None, ALL_MACHINES).await?;
        self.service.document(&self.subject, &machines, self.service.now()).await
    }

    /// Validates the license.
    pub async fn validate(&self, scope: &Scope) -> Result<(Verdict, LicenseDocument), Internal> {
        self.service.validate(self.subject.clone(), scope).await
    }

    /// Activates a machine. The machine limit is exact: the decision and the insert happen under a
    /// lock on the license.
    pub async fn activate_machine(&self, new: NewMachine) -> Result<MachineDocument, ActivateError> {
        let now = self.service.now();
        let Facts { license, policy, .. } = &self.subject;
        let mut tx = self.service.store().write().await?;
        tx.lock_license(license.id).await?;
        // A decision may have come since the key was checked; under the lock the answer is final.
        let current = tx.find_license(license.id).await?.ok_or(ActivateError::Refused(AuthRefusal::Unknown))?;
        let owner = tx.find_account(current.account).await?.ok_or(Internal::Broken("a license has no owner"))?;
        may_use_api(&current, policy, &owner, now).map_err(ActivateError::Refused)?;
        self.cull(&mut tx, now).await?;
        let active = tx.list_machines(license.id, None, ALL_MACHINES).await?;
        let slot = match activation::admit(&current, policy, &active, &new.fingerprint) {
            Ok(slot) => slot,
            Err(ActivateRefusal::FingerprintTaken) => return Err(ActivateError::FingerprintTaken),
            Err(ActivateRefusal::MachineLimit { limit }) => {
                return Err(ActivateError::MachineLimit { limit, holders: active });
            }
        };
        let machine = Machine {
            id: MachineId::new(now, self.service.random()?),
            license: license.id,
            slot,
            fingerprint: new.fingerprint,
            facts: new.facts,
            metadata: new.metadata,
            last_heartbeat_at: None,
            last_seen_at: now,
            created_at: now,
            updated_at: now,
        };
        tx.insert_machine(&machine, &plain_hash(machine.fingerprint.as_str().as_bytes())).await?;
        let event = Event::new(Actor::App(license.id), "machine.activated", "license", license.id)
            .with(json!({ "machine": machine.id.to_string(), "slot": slot }));
        self.service.record(&mut tx, now, event).await?;
        tx.commit().await?;
        Ok(self.describe(machine, now))
    }

    /// Lets go the machines whose heartbeat stopped, where the policy says so, so that their slots
    /// open for whoever activates now.
    async fn cull(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Internal> {
        let Facts { license, policy, .. } = &self.subject;
        if !policy.requires_heartbeat || policy.cull != HeartbeatCull::DeactivateDead {
            return Ok(());
        }
        for machine in tx.list_machines(license.id, None, ALL_MACHINES).await? {
            if machine.heartbeat(policy, now) == HeartbeatStatus::Dead {
                tx.set_machine_deactivated(machine.id, MachineEnd::Server, now).await?;
                let event = Event::new(Actor::Server, "machine.deactivated", "license", license.id)
                    .with(json!({ "machine": machine.id.to_string(), "why": "heartbeat" }));
                self.service.record(tx, now, event).await?;
            }
        }
        Ok(())
    }

    fn describe(&self, machine: Machine, now: Timestamp) -> MachineDocument {
        MachineDocument {
            heartbeat: machine.heartbeat(&self.subject.policy, now),
            machine,
            policy: self.subject.policy.clone(),
            owner: self.subject.license.account,
        }
    }

    /// The active machine with this id or fingerprint.
    pub async fn machine(&self, name: &str) -> Result<Option<MachineDocument>, Internal> {
        let mut reader = self.service.store().read().await?;
        let found = match name.parse() {
            Ok(id) => reader.find_machine(self.license_id(), id).await?,
            Err(_) => None,
        };
        let found = match found {
            Some(machine) => Some(machine),
            None => reader.find_machine_by_fingerprint(self.license_id(), &plain_hash(name.as_bytes())).await?,
        };
        drop(reader);
        let now = self.service.now();
        if let Some(machine) = &found
            && now.since(machine.last_seen_at) >= SEEN_RESOLUTION
        {
            let mut tx = self.service.store().write().await?;
            tx.set_machine_seen(machine.id, now).await?;
            tx.commit().await?;
        }
        Ok(found.map(|machine| self.describe(machine, now)))
    }

    /// The active machines, by id, after `after`.
    pub async fn machines(
        &self,
        after: Option<MachineId>,
        limit: u32,
    ) -> Result<Page<MachineDocument, MachineId>, Internal> {
        let mut reader = self.service.store().read().await?;
        let machines = reader.list_machines(self.license_id(), after, i64::from(limit) + 1).await?;
        let now = self.service.now();
        let items: Vec<_> = machines.into_iter().map(|machine| self.describe(machine, now)).collect();
        Ok(page(items, limit, |item| item.machine.id))
    }

    /// The entitlements from policy and license, by id, after `after`.
    pub async fn entitlements(
        &self,
        after: Option<EntitlementId>,
        limit: u32,
    ) -> Result<Page<Entitlement, EntitlementId>, Internal> {
        let mut reader = self.service.store().read().await?;
        let license = &self.subject.license;
        let items = reader.list_entitlements(license.id, license.policy, after, i64::from(limit) + 1).await?;
        Ok(page(items, limit, |item| item.id))
    }

    /// Deactivates the machine with this id or fingerprint. `false` if there is none.
    pub async fn deactivate_machine(&self, name: &str) -> Result<bool, Internal> {
        let now = self.service.now();
        let Some(found) = self.machine(name).await? else {
            return Ok(false);
        };
        let mut tx = self.service.store().write().await?;
        tx.lock_license(self.license_id()).await?;
        if !tx.set_machine_deactivated(found.machine.id, MachineEnd::App, now).await? {
            return Ok(false);
        }
        let event = Event::new(Actor::App(self.license_id()), "machine.deactivated", "license", self.license_id())
            .with(json!({ "machine": found.machine.id.to_string(), "slot": found.machine.slot }));
        self.service.record(&mut tx, now, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a heartbeat of the machine with this id or fingerprint.
    pub async fn ping_machine(&self, name: &str) -> Result<Beat, BeatError> {
        let now = self.service.now();
        let found = self.machine(name).await?.ok_or(BeatError::NotFound)?;
        let policy = &self.subject.policy;
        let lets_go = policy.requires_heartbeat && policy.cull == HeartbeatCull::DeactivateDead;
        if lets_go && found.heartbeat == HeartbeatStatus::Dead {
            return Err(BeatError::Dead);
        }
        let mut tx = self.service.store().write().await?;
        if !tx.set_machine_heartbeat(found.machine.id, now).await? {
            return Err(BeatError::NotFound);
        }
        tx.commit().await?;
        let machine = Machine { last_heartbeat_at: Some(now), last_seen_at: now, updated_at: now, ..found.machine };
        let mut machine = self.describe(machine, now);
        if found.heartbeat == HeartbeatStatus::Dead {
            machine.heartbeat = HeartbeatStatus::Resurrected;
        }
        Ok(Beat { machine })
    }
}

fn page<T, C>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = if has_more { items.last().map(cursor) } else { None };
    Page { items, next }
}
