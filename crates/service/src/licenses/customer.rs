//! What a signed-in customer may do: see and manage its own licenses, machines and sessions.
//!
//! Whatever belongs to someone else is answered as if it did not exist.

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::{LicenseId, MachineId, SessionId},
    license::{License, LicenseStatus, Standing},
    license_key::LicenseKey,
    machine::Machine,
    policy::{Policy, SwapsLeft},
    product::Product,
};
use latchkey_store::{MachineEnd, Reader};

use crate::{
    audit::{
        actor::Actor,
        event::{AccountEvent, LICENSE, LicenseEvent},
        log::AuditEntry,
    },
    error::Internal,
    service::Service,
    sign_in::sessions::{SessionSummary, SignedIn, is_alive},
    validation::facts::AuthRefusal,
};

/// The longest name that is kept, in characters.
const MAX_NAME: usize = 100;

/// How many lines of a license's history are shown.
const MAX_HISTORY: i64 = 100;

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
    /// How often the owner may free machines yet; `None` is as often as they like.
    pub swaps: Option<SwapsLeft>,
    /// Its own entitlements, by code; those of its policy are not among them.
    pub own_entitlements: Vec<EntitlementCode>,
}

/// Why a customer's wish was not granted.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// There is nothing of that id that is the customer's.
    #[error("there is no such thing")]
    NotFound,
    /// The policy lets no more machines be freed by the customer now.
    #[error("no more computers can be freed now")]
    NoSwapsLeft(SwapsLeft),
    /// The policy leaves keys to the vendor.
    #[error("the key of this license cannot be replaced by its owner")]
    KeyFixed,
    /// The license is suspended or revoked.
    #[error(transparent)]
    Refused(AuthRefusal),
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
    /// Whether it may hold a file for working offline that is good yet.
    pub may_hold_file: bool,
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
        let swaps = match policy.swaps {
            Some(allowance) => {
                let times = reader.list_machine_releases(license.id, allowance.since(self.now())).await?;
                Some(allowance.left(&times))
            }
            None => None,
        };
        let own = reader.list_license_entitlements(license.id).await?;
        Ok(LicenseView {
            own_entitlements: own.into_iter().map(|held| held.code).collect(),
            swaps,
            status: license.status(owner_is_banned, &machines, self.now()),
            machine_limit: license.machine_ceiling(&policy),
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

    /// Whom the audit log names.
    pub(crate) fn actor(&self) -> Actor {
        Actor::from(&self.who.account)
    }

    pub(crate) fn service(&self) -> &Service {
        self.service
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
            let freed = Freed { label: None, may_hold_file: false };
            return if was_ours { Ok(freed) } else { Err(CustomerError::NotFound) };
        };
        let policy = tx.find_policy(license.policy).await?.ok_or(Internal::Broken("a license has no policy"))?;
        if let Some(allowance) = policy.swaps {
            let times = tx.list_machine_releases(license.id, allowance.since(now)).await?;
            let swaps = allowance.left(&times);
            if swaps.left == 0 {
                return Err(CustomerError::NoSwapsLeft(swaps));
            }
        }
        self.service.deactivate(&mut tx, &active, MachineEnd::Customer, self.actor(), now).await?;
        tx.commit().await?;
        // For how long is the app's to say, which may ask for any time.
        Ok(Freed { label: Some(active.label()), may_hold_file: active.last_check_out_at.is_some() })
    }

    /// Renames a machine of an own license; an empty name goes back to its host name. A name that says the
    /// same as before changes nothing.
    pub async fn rename_machine(
        &self,
        license: LicenseId,
        machine: MachineId,
        name: &str,
    ) -> Result<(), CustomerError> {
        let name = read_name(name)?;
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_license(license).await?;
        let license = self.own(tx.find_license(license).await?)?;
        let mut machine = tx.find_machine(license.id, machine).await?.ok_or(CustomerError::NotFound)?;
        let from = machine.label();
        if name.as_deref() == Some(from.as_str()) {
            return Ok(());
        }
        machine.facts.name = name;
        machine.updated_at = now;
        tx.update_machine(&machine).await?;
        let event = LicenseEvent::MachineRenamed { machine: machine.id, from, name: machine.label() };
        self.service.record(&mut tx, now, self.actor(), event.of(license.id)).await?;
        Ok(tx.commit().await?)
    }

    /// Replaces the key of an own license. The old one opens nothing from now on; machines stay active,
    /// and each app must be given the new key. Files that are encrypted with the old key are read with
    /// the old key alone.
    pub async fn rotate_key(&self, id: LicenseId) -> Result<LicenseKey, CustomerError> {
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
        self.own(Some(facts.license.clone()))?;
        if !facts.policy().customer_rotates_key {
            return Err(CustomerError::KeyFixed);
        }
        // A new key must not bring back what was taken away, nor look as if it did.
        if facts.license.standing != Standing::Good {
            return Err(CustomerError::Refused(match facts.license.standing {
                Standing::Revoked(_) => AuthRefusal::Revoked,
                Standing::Good | Standing::Suspended(_) => AuthRefusal::Suspended,
            }));
        }
        let key = self.service.replace_key(&mut tx, &facts, self.actor()).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// What happened to an own license, the newest first.
    pub async fn license_history(&self, id: LicenseId) -> Result<Vec<AuditEntry>, CustomerError> {
        let mut reader = self.service.store().read().await?;
        let license = self.own(reader.find_license(id).await?)?;
        let rows = reader.list_audit_of(LICENSE, &license.id.to_string(), MAX_HISTORY).await?;
        // What was before it came to this owner is somebody else's.
        let mut entries = AuditEntry::read_all(rows)?;
        if let Some(at) = entries.iter().position(|entry| entry.event.may_change_owner()) {
            entries.truncate(at + 1);
        }
        Ok(entries)
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
            self.service.record(&mut tx, now, self.actor(), AccountEvent::SessionEnded.of(account)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends all own sessions, this one included.
    pub async fn end_all_sessions(&self) -> Result<u64, Internal> {
        let now = self.service.now();
        let account = self.who.account.id;
        let mut tx = self.service.store().write().await?;
        let ended = tx.delete_sessions_of(account).await?;
        let event = AccountEvent::AllSessionsEnded { ended };
        self.service.record(&mut tx, now, self.actor(), event.of(account)).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Changes what to call the person; an empty name removes it.
    pub async fn rename(&self, name: &str) -> Result<(), CustomerError> {
        let name = read_name(name)?;
        let now = self.service.now();
        let account = self.who.account.id;
        let mut tx = self.service.store().write().await?;
        tx.set_account_name(account, name.as_deref(), now).await?;
        self.service.record(&mut tx, now, self.actor(), AccountEvent::Renamed.of(account)).await?;
        Ok(tx.commit().await?)
    }
}

/// A name as people type it; `None` if it is empty.
fn read_name(text: &str) -> Result<Option<String>, CustomerError> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(CustomerError::NameInvalid);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
