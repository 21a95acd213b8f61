//! The machines of the signed-in customer's licenses.

use latchkey_licensing::{
    ids::{LicenseId, MachineId},
    machine::Machine,
};
use latchkey_store::DeactivatedBy;

use crate::{
    audit::event::LicenseEvent,
    identity::{
        accounts::name::parse_name,
        actors::{Customer, CustomerView},
    },
    licensing::{
        licenses::{customer::CustomerError, view::LicenseView},
        machines::parts::MachineParts,
    },
    service::Service,
};

/// The result of freeing a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreedMachine {
    /// The machine's name. `None` if it had been freed before.
    pub label: Option<String>,
    /// Whether the machine may still have a valid file for offline use.
    pub may_hold_file: bool,
}

impl CustomerView<'_> {
    /// One of the customer's licenses, and its active machine with this id, if there is one.
    pub async fn find_machine(
        &self,
        license: LicenseId,
        machine: MachineId,
    ) -> Result<(LicenseView, Option<Machine>), CustomerError> {
        let mut reader = self.service().store().read().await?;
        let facts = self.own_facts(&mut reader, license).await?;
        let machine = reader.find_machine(license, machine).await?;
        Ok((self.service().view_license(&mut reader, facts).await?, machine))
    }

    /// One of the customer's licenses, its active machine with this id, and the machine's components and processes.
    pub async fn machine_with_parts(
        &self,
        license: LicenseId,
        machine: MachineId,
    ) -> Result<(LicenseView, Machine, MachineParts), CustomerError> {
        let (view, machine) = self.machine(license, machine).await?;
        let mut reader = self.service().store().read().await?;
        let parts = Service::machine_parts(&mut reader, machine.id).await?;
        Ok((view, machine, parts))
    }

    /// One of the customer's licenses and its active machine with this id.
    pub async fn machine(
        &self,
        license: LicenseId,
        machine: MachineId,
    ) -> Result<(LicenseView, Machine), CustomerError> {
        let (view, machine) = self.find_machine(license, machine).await?;
        machine.map(|machine| (view, machine)).ok_or(CustomerError::NotFound)
    }
}

impl Customer<'_> {
    /// Frees a machine of one of the customer's licenses. It is not an error if it has been freed already.
    pub async fn free_machine(&self, license: LicenseId, machine: MachineId) -> Result<FreedMachine, CustomerError> {
        let now = self.service().now();
        let mut tx = self.service().store().write().await?;
        tx.lock_license(license).await?;
        let license = self.own(tx.find_license(license).await?)?;
        let Some(active) = tx.find_machine(license.id, machine).await? else {
            let was_ours = tx.was_active_machine(license.id, machine).await?;
            let freed = FreedMachine { label: None, may_hold_file: false };
            return if was_ours { Ok(freed) } else { Err(CustomerError::NotFound) };
        };
        let policy = tx.get_policy(license.policy).await?;
        if !policy.customer_frees_machines {
            return Err(CustomerError::MachineNotFreeable);
        }
        if let Some(allowance) = policy.swap_allowance {
            let times = tx.list_deactivations_by_customer(license.id, allowance.since(now)).await?;
            let swaps = allowance.left(&times);
            if swaps.left == 0 {
                return Err(CustomerError::NoSwapsLeft(swaps));
            }
        }
        self.service().deactivate(&mut tx, &active, DeactivatedBy::Customer, self.cause(), now).await?;
        tx.commit().await?;
        // How long the file is valid is not stored, because apps may ask for any time.
        Ok(FreedMachine { label: Some(active.label()), may_hold_file: active.last_check_out_at.is_some() })
    }

    /// Renames a machine of one of the customer's licenses. An empty name returns to the host name, and an unchanged
    /// name changes nothing. Returns the name that is shown afterwards.
    pub async fn rename_machine(
        &self,
        license: LicenseId,
        machine: MachineId,
        name: &str,
    ) -> Result<String, CustomerError> {
        let name = parse_name(name)?;
        let now = self.service().now();
        let mut tx = self.service().store().write().await?;
        tx.lock_license(license).await?;
        let license = self.own(tx.find_license(license).await?)?;
        let mut machine = tx.find_machine(license.id, machine).await?.ok_or(CustomerError::NotFound)?;
        let from = machine.label();
        if name.as_deref() == Some(from.as_str()) {
            return Ok(from);
        }
        if !tx.get_policy(license.policy).await?.customer_renames_machines {
            return Err(CustomerError::MachineNotRenamable);
        }
        machine.facts.name = name;
        machine.updated_at = now;
        tx.update_machine(&machine).await?;
        let label = machine.label();
        let event = LicenseEvent::MachineRenamed { machine: machine.id, from, name: label.clone() };
        self.service().record(&mut tx, now, self.cause(), event.of(license.id)).await?;
        tx.commit().await?;
        Ok(label)
    }
}
