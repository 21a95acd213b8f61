//! What a signed-in customer may do: see and manage its own licenses, machines and sessions.
//!
//! Whatever belongs to someone else is answered as if it did not exist.

use latchkey_licensing::{
    ids::{LicenseId, MachineId, SessionId},
    key::LicenseKey,
    license::{License, LicenseStatus},
    machine::Machine,
    policy::Policy,
};
use latchkey_store::{MachineEnd, Product, Reader};
use serde_json::json;

use crate::{
    Service,
    audit::{Actor, Event},
    error::Internal,
    sessions::{SessionSummary, SignedIn, is_alive},
};

/// The longest name that is kept, in characters.
const MAX_NAME: usize = 100;

/// More machines than any page shows.
const ALL_MACHINES: i64 = 1_000;

/// The use cases of one signed-in customer.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    service: &'a Service,
    who: &'a SignedIn,
}

/// A license as its owner sees it.
#[derive(Clone, Debug)]
pub struct LicenseView {
    /// The license.
    pub license: License,
    /// Its status now.
    pub status: LicenseStatus,
    /// Its policy.
    pub policy: Policy,
    /// Its product.
    pub product: Product,
    /// How many machines may be active, overage included; `None` is any number.
    pub machine_limit: Option<u32>,
    /// The active machines, by slot.
    pub machines: Vec<Machine>,
}

/// Why a customer's wish was not granted.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// There is nothing of that id that is the customer's.
    #[error("there is no such thing")]
    NotFound,
    /// The name cannot be kept.
    #[error("a name has at most {MAX_NAME} characters and no control characters")]
    NameInvalid,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for CustomerError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// A machine that was freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freed {
    /// What it was called; `None` if it had been freed before.
    pub label: Option<String>,
}

impl Service {
    /// The use cases of whoever is signed in.
    pub fn customer<'a>(&'a self, who: &'a SignedIn) -> Customer<'a> {
        Customer { service: self, who }
    }

    pub(crate) async fn view_license(
        &self,
        reader: &mut Reader,
        license: License,
        owner_is_banned: bool,
    ) -> Result<LicenseView, Internal> {
        let policy = reader.find_policy(license.policy).await?.ok_or(Internal::Broken("a license has no policy"))?;
        let product =
            reader.find_product(license.product).await?.ok_or(Internal::Broken("a license has no product"))?;
        let mut machines = reader.list_machines(license.id, None, ALL_MACHINES).await?;
        machines.sort_by_key(|machine| machine.slot);
        Ok(LicenseView {
            status: license.status(owner_is_banned, self.now()),
            machine_limit: policy.overage.ceiling(license.machine_limit(&policy)),
            license,
            policy,
            product,
            machines,
        })
    }
}

impl Customer<'_> {
    /// Who it is.
    pub fn who(&self) -> &SignedIn {
        self.who
    }

    /// All own licenses, oldest first.
    pub async fn licenses(&self) -> Result<Vec<LicenseView>, Internal> {
        let mut reader = self.service.store().read().await?;
        let mut views = Vec::new();
        for license in reader.list_licenses_of(self.who.account.id).await? {
            views.push(self.service.view_license(&mut reader, license, false).await?);
        }
        Ok(views)
    }

    /// One own license.
    pub async fn license(&self, id: LicenseId) -> Result<LicenseView, CustomerError> {
        let mut reader = self.service.store().read().await?;
        let license = self.own(reader.find_license(id).await?)?;
        Ok(self.service.view_license(&mut reader, license, false).await?)
    }

    fn own(&self, license: Option<License>) -> Result<License, CustomerError> {
        license.filter(|license| license.account == self.who.account.id).ok_or(CustomerError::NotFound)
    }

    /// The key of one own license.
    pub async fn reveal_key(&self, id: LicenseId) -> Result<LicenseKey, CustomerError> {
        let mut reader = self.service.store().read().await?;
        let license = self.own(reader.find_license(id).await?)?;
        let sealed = reader.get_key_ciphertext(license.id).await?;
        Ok(self.service.0.vault.open_key(license.id, &sealed).map_err(Internal::from)?)
    }

    /// One active machine of an own license, with the license.
    pub async fn machine(
        &self,
        license: LicenseId,
        machine: MachineId,
    ) -> Result<(LicenseView, Machine), CustomerError> {
        let view = self.license(license).await?;
        let found = view.machines.iter().find(|candidate| candidate.id == machine).cloned();
        found.map(|machine| (view, machine)).ok_or(CustomerError::NotFound)
    }

    /// Frees a machine of an own license. Freeing one that is free already is no error.
    pub async fn free_machine(&self, license: LicenseId, machine: MachineId) -> Result<Freed, CustomerError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_license(license).await?;
        let license = self.own(tx.find_license(license).await?)?;
        let Some(active) = tx.find_machine(license.id, machine).await? else {
            let was_ours = tx.was_machine(license.id, machine).await?;
            return if was_ours { Ok(Freed { label: None }) } else { Err(CustomerError::NotFound) };
        };
        tx.set_machine_deactivated(active.id, MachineEnd::Customer, now).await?;
        let event = Event::new(Actor::Customer(self.who.account.id), "machine.deactivated", "license", license.id)
            .with(json!({ "machine": active.id.to_string(), "slot": active.slot }));
        self.service.record(&mut tx, now, event).await?;
        tx.commit().await?;
        Ok(Freed { label: Some(active.label()) })
    }

    /// Own sessions that are open, the latest used first.
    pub async fn sessions(&self) -> Result<Vec<SessionSummary>, Internal> {
        let now = self.service.now();
        let rows = self.service.store().read().await?.list_sessions_of(self.who.account.id).await?;
        let alive = rows.into_iter().filter(|row| is_alive(row, self.who.account.role, now));
        Ok(alive.map(SessionSummary::from).collect())
    }

    /// Ends one own session. Ending one that has ended is no error.
    pub async fn end_session(&self, id: SessionId) -> Result<(), Internal> {
        let now = self.service.now();
        let account = self.who.account.id;
        let mut tx = self.service.store().write().await?;
        if tx.delete_session(account, id).await? {
            self.service
                .record(&mut tx, now, Event::new(Actor::Customer(account), "session.ended", "account", account))
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends all own sessions, this one included.
    pub async fn end_all_sessions(&self) -> Result<u64, Internal> {
        let now = self.service.now();
        let account = self.who.account.id;
        let mut tx = self.service.store().write().await?;
        let ended = tx.delete_sessions_of(account).await?;
        let event = Event::new(Actor::Customer(account), "sessions.all_ended", "account", account)
            .with(json!({ "ended": ended }));
        self.service.record(&mut tx, now, event).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Changes what to call the person; an empty name removes it.
    pub async fn rename(&self, name: &str) -> Result<(), CustomerError> {
        let name = name.trim();
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(CustomerError::NameInvalid);
        }
        let now = self.service.now();
        let account = self.who.account.id;
        let mut tx = self.service.store().write().await?;
        tx.set_account_name(account, (!name.is_empty()).then_some(name), now).await?;
        self.service
            .record(&mut tx, now, Event::new(Actor::Customer(account), "account.renamed", "account", account))
            .await?;
        Ok(tx.commit().await?)
    }
}
