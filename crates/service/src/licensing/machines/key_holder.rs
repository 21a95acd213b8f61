//! The machines of the license whose key an app presented.

use latchkey_licensing::machine::Machine;
use latchkey_store::{Conn, DeactivatedBy};

use crate::{
    audit::{actor::Actor, event::LicenseEvent},
    error::Internal,
    licensing::{
        machines::activate::{ActivateError, Activation, NewMachine},
        validation::{
            facts::{AuthRefusal, MachineDocument},
            key_holder::KeyHolder,
            machine_lookup::find_machine,
        },
    },
    mail::notify::Notify,
    service::write_behind::is_stale,
};

/// Why a heartbeat was rejected.
#[derive(Debug, thiserror::Error)]
pub enum HeartbeatError {
    /// The license is not active on this machine.
    #[error("there is no such machine")]
    NotFound,
    /// The machine is dead and its policy does not let a heartbeat resurrect it.
    #[error("the machine's heartbeat had stopped")]
    Dead,
    /// The license may not be used any more.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for HeartbeatError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// Why a machine was not renamed.
#[derive(Debug, thiserror::Error)]
pub enum MachineRenameError {
    /// The license is not active on this machine.
    #[error("there is no such machine")]
    NotFound,
    /// The license may not be used any more.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for MachineRenameError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl KeyHolder {
    /// The active machine with this id or fingerprint.
    pub(crate) async fn find_machine(&self, conn: &mut Conn, text: &str) -> Result<Option<Machine>, Internal> {
        find_machine(conn, self.license_id(), text).await
    }

    /// Activates a machine, within the license's limits.
    pub async fn activate_machine(&self, new: NewMachine) -> Result<MachineDocument, ActivateError> {
        self.activate_and_notify(new, Notify::Customer).await
    }

    pub(crate) async fn activate_and_notify(
        &self,
        new: NewMachine,
        notify: Notify,
    ) -> Result<MachineDocument, ActivateError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let (mut facts, active) = self.lock_with_machines(&mut tx).await.map_err(ActivateError::Refused)?;
        let by = Activation { cause: Actor::App(self.license_id()).into(), notify, now };
        let machine = self.service.activate(&mut tx, &mut facts, active, new, by).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(facts.machine_document(machine, &[], now))
    }

    /// The active machine with this id or fingerprint.
    pub async fn machine(&self, name: &str) -> Result<Option<MachineDocument>, Internal> {
        let mut reader = self.service.store().read().await?;
        let now = self.service.now();
        let Some(machine) = self.find_machine(&mut reader, name).await? else {
            return Ok(None);
        };
        let outages =
            self.service.outages(&mut reader, self.facts.policy(), std::slice::from_ref(&machine), now).await?;
        if is_stale(machine.last_seen_at, now) {
            self.service.note_validation(None, [machine.id], now);
        }
        Ok(Some(self.facts.machine_document(machine, &outages, now)))
    }

    /// Gives the machine with this id or fingerprint a name, or takes it away. The vendor's app may do this whatever the
    /// policy allows customers in the portal. An unchanged name changes nothing.
    pub async fn rename_machine(
        &self,
        machine: &str,
        name: Option<String>,
    ) -> Result<MachineDocument, MachineRenameError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let facts = self.lock(&mut tx).await.map_err(MachineRenameError::Refused)?;
        let mut machine = self.find_machine(&mut tx, machine).await?.ok_or(MachineRenameError::NotFound)?;
        let outages = self.service.outages(&mut tx, facts.policy(), std::slice::from_ref(&machine), now).await?;
        if machine.facts.name != name {
            let from = machine.label();
            machine.facts.name = name;
            machine.updated_at = now;
            tx.update_machine(&machine).await?;
            let event = LicenseEvent::MachineRenamed { machine: machine.id, from, name: machine.label() };
            self.service.record(&mut tx, now, Actor::App(self.license_id()), event.of(self.license_id())).await?;
            tx.commit().await?;
        }
        Ok(facts.machine_document(machine, &outages, now))
    }

    /// Deactivates the machine with this id or fingerprint. Returns `false` if there is none.
    pub async fn deactivate_machine(&self, name: &str) -> Result<bool, Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_license(self.license_id()).await?;
        let Some(machine) = self.find_machine(&mut tx, name).await? else {
            return Ok(false);
        };
        let actor = Actor::App(self.license_id());
        let is_done = self.service.deactivate(&mut tx, &machine, DeactivatedBy::App, actor, now).await?;
        tx.commit().await?;
        Ok(is_done)
    }

    /// Records a heartbeat of the machine with this id or fingerprint.
    pub async fn ping_machine(&self, name: &str) -> Result<MachineDocument, HeartbeatError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let facts = self.lock(&mut tx).await.map_err(HeartbeatError::Refused)?;
        let machine = self.find_machine(&mut tx, name).await?.ok_or(HeartbeatError::NotFound)?;
        let outages = self.service.outages(&mut tx, facts.policy(), std::slice::from_ref(&machine), now).await?;
        let counted = machine.with_outages(facts.policy(), &outages);
        let machine = counted.after_heartbeat(facts.policy(), now).map_err(|_| HeartbeatError::Dead)?;
        tx.update_machine(&machine).await?;
        tx.commit().await?;
        Ok(facts.machine_document(machine, &[], now))
    }
}
