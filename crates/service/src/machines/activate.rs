//! Activating and deactivating machines: one set of rules, whoever asks.

use latchkey_licensing::{
    activation::{self, ActivateRefusal},
    ids::{LicenseId, MachineId},
    license::FirstUse,
    machine::{Fingerprint, Machine, MachineFacts},
    time::Timestamp,
};
use latchkey_store::{MachineEnd, Tx};
use serde_json::json;

use crate::{
    audit::log::{Actor, Event},
    error::Internal,
    service::Service,
    validation::facts::{ALL_MACHINES, AuthRefusal, LicenseFacts},
    vault::plain_hash,
};

/// How many licenses with late machines one round of upkeep looks at.
const CULL_BATCH: i64 = 500;

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
    /// The machines would have too many cores together.
    #[error("the machines would have more than {limit} cores together")]
    CoreLimit {
        /// The limit in force.
        limit: u32,
        /// The machines that hold the cores.
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

impl Service {
    /// Activates a machine. The machine limit is exact: the decision and the insert happen under a
    /// lock on the license.
    pub(crate) async fn activate(
        &self,
        tx: &mut Tx,
        facts: &mut LicenseFacts,
        new: NewMachine,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Machine, ActivateError> {
        facts.may_use_api(now).map_err(ActivateError::Refused)?;
        self.cull(tx, facts, now).await?;
        self.release_dead_machine(tx, facts, &new.fingerprint, now).await?;
        let (license, policy) = (&mut facts.license, &facts.policy);
        let mut holders = tx.list_machines(license.id, None, ALL_MACHINES).await?;
        holders.sort_by_key(|machine| machine.slot);
        let slot = match activation::assign_slot(license, policy, &holders, &new.fingerprint, new.facts.cores) {
            Ok(slot) => slot,
            Err(ActivateRefusal::FingerprintTaken) => return Err(ActivateError::FingerprintTaken),
            Err(ActivateRefusal::MachineLimit { limit }) => {
                return Err(ActivateError::MachineLimit { limit, holders });
            }
            Err(ActivateRefusal::CoreLimit { limit }) => return Err(ActivateError::CoreLimit { limit, holders }),
        };
        let machine = Machine {
            id: MachineId::new(now, self.random()?),
            license: license.id,
            slot,
            fingerprint: new.fingerprint,
            facts: new.facts,
            metadata: new.metadata,
            last_heartbeat_at: None,
            is_resurrected: false,
            last_check_out_at: None,
            last_seen_at: now,
            created_at: now,
            updated_at: now,
        };
        tx.insert_machine(&machine, &plain_hash(machine.fingerprint.as_str().as_bytes())).await?;
        let event = Event::new(actor, "machine.activated", "license", license.id)
            .with(json!({ "machine": machine.id.to_string(), "slot": slot, "name": machine.label() }));
        self.record(tx, now, event).await?;
        self.note_first_use(tx, license, policy, FirstUse::Activation, actor, now).await?;
        Ok(machine)
    }

    /// Lets a machine go that no heartbeat could bring back, so that the same computer can be activated
    /// again, also where the policy keeps the places of dead machines.
    async fn release_dead_machine(
        &self,
        tx: &mut Tx,
        facts: &LicenseFacts,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let hash = plain_hash(fingerprint.as_str().as_bytes());
        let found = tx.find_machine_by_fingerprint(facts.license.id, &hash).await?;
        let Some(machine) = found.filter(|_| facts.policy.requires_heartbeat) else {
            return Ok(());
        };
        let outages = self.outages_in(tx, &facts.policy, std::slice::from_ref(&machine), now).await?;
        if machine.with_outages(&facts.policy, &outages).cannot_resurrect(&facts.policy, now) {
            self.deactivate(tx, &machine, MachineEnd::Server, Actor::Server, now).await?;
        }
        Ok(())
    }

    /// Deactivates an active machine, which must have been read under the license's lock.
    pub(crate) async fn deactivate(
        &self,
        tx: &mut Tx,
        machine: &Machine,
        by: MachineEnd,
        actor: Actor,
        now: Timestamp,
    ) -> Result<bool, Internal> {
        if !tx.set_machine_deactivated(machine.id, by, now).await? {
            return Ok(false);
        }
        let why = if by == MachineEnd::Server { "heartbeat" } else { "asked" };
        let event = Event::new(actor, "machine.deactivated", "license", machine.license).with(
            json!({ "machine": machine.id.to_string(), "slot": machine.slot, "name": machine.label(), "why": why }),
        );
        self.record(tx, now, event).await?;
        Ok(true)
    }

    /// Lets go the machines whose heartbeat stopped, where the policy says so, so that their slots
    /// open. The license must be locked. Returns how many went.
    async fn cull(&self, tx: &mut Tx, facts: &LicenseFacts, now: Timestamp) -> Result<u64, Internal> {
        let mut gone = 0;
        let machines = tx.list_machines(facts.license.id, None, ALL_MACHINES).await?;
        let outages = self.outages_in(tx, &facts.policy, &machines, now).await?;
        for machine in machines {
            if machine.with_outages(&facts.policy, &outages).is_to_be_culled(&facts.policy, now) {
                self.deactivate(tx, &machine, MachineEnd::Server, Actor::Server, now).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// One round of upkeep: lets go machines whose heartbeat stopped, of every license whose policy says
    /// so. Returns how many went.
    pub async fn cull_dead_machines(&self) -> Result<u64, Internal> {
        let now = self.now();
        let licenses: Vec<LicenseId> =
            self.store().read().await?.list_licenses_with_late_machines(now, CULL_BATCH).await?;
        let mut gone = 0;
        let mut failure = None;
        for license in licenses {
            // One license that cannot be read keeps no other one waiting.
            match self.cull_license(license, now).await {
                Ok(count) => gone += count,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(gone), Err)
    }

    /// In a transaction of its own, so that no license is locked for long.
    async fn cull_license(&self, license: LicenseId, now: Timestamp) -> Result<u64, Internal> {
        let mut tx = self.store().write().await?;
        let gone = match LicenseFacts::lock(&mut tx, license).await? {
            Some(facts) => self.cull(&mut tx, &facts, now).await?,
            None => 0,
        };
        tx.commit().await?;
        Ok(gone)
    }
}
