//! Activating and deactivating machines. Apps, customers and admins are subject to the same rules.

use latchkey_licensing::{
    activation::{self, ActivateRefusal},
    ids::{LicenseId, MachineId},
    license::FirstUse,
    machine::{Fingerprint, Machine, MachineFacts},
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::{DeactivatedBy, Tx};

use crate::{
    audit::{
        actor::{Actor, Cause},
        event::{DeactivationReason, LicenseEvent},
    },
    error::Internal,
    licensing::{
        machines::components::NewComponent,
        validation::facts::{AuthRefusal, LicenseFacts},
    },
    mail::{
        messages::{MailedLicense, keys::NewComputerMail},
        notify::Notify,
    },
    operation::vault::plain_hash,
    service::Service,
};

/// The most licenses with late machines that are checked in one round.
const CULL_BATCH: i64 = 500;

/// A machine to activate.
#[derive(Clone, Debug)]
pub struct NewMachine {
    /// The fingerprint by which the app identifies the machine.
    pub fingerprint: Fingerprint,
    /// Facts that the app reported.
    pub facts: MachineFacts,
    /// Data that the app attached: a JSON object as text.
    pub metadata: String,
    /// Its components, at most [`MAX_COMPONENTS`](latchkey_licensing::component::MAX_COMPONENTS).
    pub components: Vec<NewComponent>,
}

/// Who activates a machine, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activation {
    pub(crate) cause: Cause<'static>,
    /// Who is notified if the machine is new, and the settings say so.
    pub(crate) notify: Notify,
    pub(crate) now: Timestamp,
}

/// Why a machine was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// A machine with this fingerprint is active already. Nothing has changed.
    #[error("the fingerprint is active already")]
    FingerprintTaken,
    /// All slots are in use.
    #[error("all {limit} machines are in use")]
    MachineLimit {
        /// The limit that applies, including overage.
        limit: u32,
        /// The machines that occupy the slots.
        holders: Vec<Machine>,
    },
    /// Together, the machines would have too many cores.
    #[error("the machines would have more than {limit} cores together")]
    CoreLimit {
        /// The limit that applies, including overage.
        limit: u32,
        /// The active machines.
        holders: Vec<Machine>,
    },
    /// Two of the components have the same fingerprint.
    #[error("component {position} is there twice")]
    ComponentRepeated {
        /// The position of the second one.
        position: usize,
    },
    /// Another machine has this component, and the policy does not allow that.
    #[error("component {position} is on another machine")]
    ComponentTaken {
        /// Its position.
        position: usize,
    },
    /// The license became unusable after its key was checked.
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
    /// Activates a machine. The license must be locked, and `active` must be its active machines, read under this lock,
    /// so that the machine limit is exact.
    pub(crate) async fn activate(
        &self,
        tx: &mut Tx,
        facts: &mut LicenseFacts,
        active: Vec<Machine>,
        new: NewMachine,
        by: Activation,
    ) -> Result<Machine, ActivateError> {
        let Activation { cause, notify, now } = by;
        facts.may_begin_use(now).map_err(ActivateError::Refused)?;
        let terms = facts.terms.clone();
        let (license, policy) = (&mut facts.license, &terms.policy);
        let holders = self.deactivate_dead_machines(tx, policy, active, Some(&new.fingerprint), now).await?;
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
        let fingerprint_hash = plain_hash(machine.fingerprint.as_str().as_bytes());
        tx.insert_machine(&machine, &fingerprint_hash).await?;
        self.add_components(tx, policy, &machine, new.components).await?;
        let event = LicenseEvent::MachineActivated { machine: machine.id, slot, name: machine.label() };
        self.record(tx, now, cause, event.of(license.id)).await?;
        self.start_duration_on_first_use(tx, license, policy, FirstUse::Activation, cause, now).await?;
        if notify == Notify::Customer
            && self.0.options.new_computer_notice
            && !tx.was_active_fingerprint(machine.license, &fingerprint_hash).await?
        {
            let mail = NewComputerMail { license: MailedLicense::of(facts), computer: &machine.label(), at: now };
            self.mail_customer(tx, &facts.owner, &mail, None).await?;
        }
        Ok(machine)
    }

    /// Deactivates dead machines that cannot be resurrected, if the policy says so. The machine with the fingerprint
    /// that is being activated again is deactivated even if the policy keeps dead machines. The license must be locked.
    /// Returns the machines that stay active.
    async fn deactivate_dead_machines(
        &self,
        tx: &mut Tx,
        policy: &Policy,
        active: Vec<Machine>,
        again: Option<&Fingerprint>,
        now: Timestamp,
    ) -> Result<Vec<Machine>, Internal> {
        if !policy.requires_heartbeat {
            return Ok(active);
        }
        let outages = self.outages(tx, policy, &active, now).await?;
        let mut staying = Vec::with_capacity(active.len());
        for machine in active {
            let counted = machine.with_outages(policy, &outages);
            let is_again = again.is_some_and(|fingerprint| *fingerprint == machine.fingerprint);
            if counted.should_cull(policy, now) || (is_again && counted.cannot_resurrect(policy, now)) {
                self.deactivate(tx, &machine, DeactivatedBy::Server, Actor::Server, now).await?;
            } else {
                staying.push(machine);
            }
        }
        Ok(staying)
    }

    /// Deactivates a machine, which must have been read under the license's lock, and ends its processes. Returns whether
    /// it was active.
    pub(crate) async fn deactivate(
        &self,
        tx: &mut Tx,
        machine: &Machine,
        by: DeactivatedBy,
        cause: impl Into<Cause<'_>> + Send,
        now: Timestamp,
    ) -> Result<bool, Internal> {
        if !tx.set_machine_deactivated(machine.id, by, now).await? {
            return Ok(false);
        }
        tx.delete_processes_on(machine.id).await?;
        tx.delete_components_on(machine.id).await?;
        let reason =
            if by == DeactivatedBy::Server { DeactivationReason::Heartbeat } else { DeactivationReason::Asked };
        let event =
            LicenseEvent::MachineDeactivated { machine: machine.id, slot: machine.slot, name: machine.label(), reason };
        self.record(tx, now, cause, event.of(machine.license)).await?;
        Ok(true)
    }

    /// One round of upkeep: culls dead machines. Returns their number.
    pub async fn cull_dead_machines(&self) -> Result<u64, Internal> {
        let now = self.now();
        let licenses: Vec<LicenseId> =
            self.store().read().await?.list_licenses_with_late_machines(now, CULL_BATCH).await?;
        let mut gone = 0;
        let mut failure = None;
        for license in licenses {
            // An error with one license must not prevent the others from being checked.
            match self.cull_license(license, now).await {
                Ok(count) => gone += count,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(gone), Err)
    }

    /// Culls the dead machines of one license, in its own transaction, so that no license is locked for long.
    async fn cull_license(&self, license: LicenseId, now: Timestamp) -> Result<u64, Internal> {
        let mut tx = self.store().write().await?;
        let gone = match self.lock_license_with_machines(&mut tx, license).await? {
            Some((facts, active)) => {
                let before = active.len();
                let staying = self.deactivate_dead_machines(&mut tx, facts.policy(), active, None, now).await?;
                before - staying.len()
            }
            None => 0,
        };
        tx.commit().await?;
        Ok(gone as u64)
    }
}
