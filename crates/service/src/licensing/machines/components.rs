//! Components of machines. They are kept with the machine that was activated with them, and deleted with its activation.

use latchkey_licensing::{
    component::{self, Component, ComponentUniqueness, HeldComponent},
    ids::ComponentId,
    machine::{Fingerprint, Machine},
    policy::Policy,
    validation::{Scope, wanted_components},
};
use latchkey_store::{Conn, Page, Tx};

use crate::{
    error::Internal,
    licensing::{
        machines::activate::ActivateError,
        validation::{
            facts::{ComponentDocument, LicenseFacts},
            key_holder::{KeyHolder, PageStart},
        },
    },
    operation::vault::plain_hash,
    service::Service,
};

/// A component of a machine to activate.
#[derive(Clone, Debug)]
pub struct NewComponent {
    /// The fingerprint by which the app identifies it.
    pub fingerprint: Fingerprint,
    /// Its name. May be empty.
    pub name: String,
    /// Data that the app attached: a JSON object as text.
    pub metadata: String,
}

impl Service {
    /// Inserts the components of a machine that was just activated. The license must be locked. No audit row says so:
    /// that of the activation does.
    pub(crate) async fn add_components(
        &self,
        tx: &mut Tx,
        policy: &Policy,
        machine: &Machine,
        new: Vec<NewComponent>,
    ) -> Result<(), ActivateError> {
        if new.is_empty() {
            return Ok(());
        }
        if let Some(position) = component::repeated(new.iter().map(|component| &component.fingerprint)) {
            return Err(ActivateError::ComponentRepeated { position });
        }
        let hashes: Vec<[u8; 32]> =
            new.iter().map(|component| plain_hash(component.fingerprint.as_str().as_bytes())).collect();
        if policy.components.uniqueness == ComponentUniqueness::UniquePerLicense {
            let held = tx.list_held_components(machine.license, &hashes).await?;
            let is_held = |component: &NewComponent| held.iter().any(|held| held.fingerprint == component.fingerprint);
            if let Some(position) = new.iter().position(is_held) {
                return Err(ActivateError::ComponentTaken { position });
            }
        }
        let mut components = Vec::with_capacity(new.len());
        for (component, hash) in new.into_iter().zip(hashes) {
            let NewComponent { fingerprint, name, metadata } = component;
            let id = ComponentId::new(machine.created_at, self.random()?);
            let (license, machine, created_at) = (machine.license, machine.id, machine.created_at);
            components.push((Component { id, license, machine, fingerprint, name, metadata, created_at }, hash));
        }
        tx.insert_components(&components).await?;
        Ok(())
    }

    /// The components of a license's machines that are in the scope.
    pub(crate) async fn held_components(
        conn: &mut Conn,
        facts: &LicenseFacts,
        scope: &Scope,
    ) -> Result<Vec<HeldComponent>, Internal> {
        let hashes: Vec<[u8; 32]> =
            wanted_components(scope).into_iter().map(|wanted| plain_hash(wanted.as_bytes())).collect();
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(conn.list_held_components(facts.license.id, &hashes).await?)
    }
}

impl KeyHolder {
    /// A component of an active machine. `None` if the license has none with this id.
    pub async fn component(&self, id: &str) -> Result<Option<ComponentDocument>, Internal> {
        let Ok(id) = id.parse() else {
            return Ok(None);
        };
        let found = self.service.store().read_without_snapshot().await?.find_component(self.license_id(), id).await?;
        Ok(found.map(|component| self.facts.component_document(component)))
    }

    /// A page of the components of the machine with this id or fingerprint, the newest first. `None` if there is no such
    /// machine.
    pub async fn components(
        &self,
        machine: &str,
        start: PageStart<ComponentId>,
        limit: u32,
    ) -> Result<Option<Page<ComponentDocument, ComponentId>>, Internal> {
        let mut reader = self.service.store().read().await?;
        let Some(machine) = self.find_machine(&mut reader, machine).await? else {
            return Ok(None);
        };
        let (before, skipped) = start.before();
        let rows = Page::<Component, ComponentId>::rows(limit);
        let components = reader.list_components(machine.id, before, skipped, rows).await?;
        let page = Page::new(components, limit, |component| component.id);
        Ok(Some(page.map(|component| self.facts.component_document(component))))
    }
}
