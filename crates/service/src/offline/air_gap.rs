//! What a customer does for a computer without a network: carry its request in, carry a file back.

use std::time::Duration;

use latchkey_licensing::{
    air_gap::{Action, AirGapError, AirGapRequest},
    ids::{LicenseId, MachineId},
    machine::Machine,
    policy::Policy,
};
use latchkey_store::{DeactivatedBy, Reader};

use crate::{
    actors::Customer,
    error::{Internal, internal_errors},
    licenses::view::LicenseView,
    machines::activate::{ActivateError, NewMachine},
    offline::check_out::{CheckOutError, CheckOutFacts, FileTtl, Order, SignedFile},
    vault::plain_hash,
};

/// How far a computer's clock may be behind when it makes a request to be deactivated.
const CLOCK_TOLERANCE: Duration = Duration::from_hours(1);

/// The times that customers may choose for a file, in days; the policy's own time is the longest.
const CHOICES: [u32; 5] = [1, 7, 30, 90, 365];

/// A request that belongs to an own license.
#[derive(Clone, Debug)]
pub struct AirGapMatch {
    /// What is asked for.
    pub request: AirGapRequest,
    /// The license that it is for.
    pub license: LicenseView,
    /// The machine, if it is active.
    pub machine: Option<Machine>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AirGapDone {
    /// The machine is active; its file can be fetched.
    Activated {
        /// The license.
        license: LicenseId,
        /// The machine.
        machine: MachineId,
    },
    /// The machine is not active any more.
    Deactivated {
        /// The license.
        license: LicenseId,
        /// What it was called; `None` if it was not active before.
        label: Option<String>,
    },
}

/// Why a request is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AirGapRefusal {
    /// The text is no request.
    #[error(transparent)]
    Text(#[from] AirGapError),
    /// None of the customer's license keys made it.
    #[error("the request was made with a key that is not one of yours")]
    OtherKey,
    /// It is older than the activation that it would end, or than the machine's last file.
    #[error("the request is older than the computer's activation or its last file")]
    Old,
    /// The machine cannot be activated.
    #[error(transparent)]
    Activate(#[from] ActivateError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AirGapRefusal);

/// How long a customer may have a file last, in days; the last of them is usual. `None` where the policy
/// has a file last less than a day: then there is nothing to choose.
pub fn file_days(policy: &Policy) -> Option<Vec<u32>> {
    let most = u32::try_from(policy.file_ttl.as_secs() / (24 * 60 * 60)).unwrap_or(u32::MAX);
    if most == 0 {
        return None;
    }
    let mut choices: Vec<u32> = CHOICES.into_iter().filter(|days| *days < most).collect();
    choices.push(most);
    Some(choices)
}

impl Customer<'_> {
    /// Reads a request and finds the own license that it is for. Changes nothing.
    pub async fn read_air_gap_request(&self, text: &str) -> Result<AirGapMatch, AirGapRefusal> {
        let request = AirGapRequest::parse(text)?;
        let mut reader = self.service().store().read().await?;
        let id = self.find_by_proof(&mut reader, &request).await?.ok_or(AirGapRefusal::OtherKey)?;
        let record = reader.find_license_record(id).await?.ok_or(AirGapRefusal::OtherKey)?;
        let facts = self.service().license_facts(&mut reader, record).await?;
        let hash = plain_hash(request.fingerprint.as_str().as_bytes());
        let machine = reader.find_machine_by_fingerprint(id, &hash).await?;
        let license = self.service().view_license(&mut reader, facts).await?;
        Ok(AirGapMatch { request, license, machine })
    }

    /// Carries a request out: activates the machine, up to the license's limits, or deactivates it.
    /// Doing it twice is no error. A deactivation does not count against the swap allowance, because
    /// the app has thrown its file away.
    pub async fn carry_out_air_gap_request(&self, text: &str) -> Result<AirGapDone, AirGapRefusal> {
        let request = AirGapRequest::parse(text)?;
        let mut reader = self.service().store().read().await?;
        let id = self.find_by_proof(&mut reader, &request).await?.ok_or(AirGapRefusal::OtherKey)?;
        drop(reader);
        let now = self.service().now();
        let actor = self.actor();
        let mut tx = self.service().store().write().await?;
        let found = self.service().lock_license_with_machines(&mut tx, id).await?;
        let (mut facts, machines) = found.ok_or(AirGapRefusal::OtherKey)?;
        // Owner or key may have changed since the license was looked for.
        let sealed = tx.get_key_ciphertext(id).await?;
        let key = self.service().0.vault.open_key(id, &sealed)?;
        if facts.license.account != self.who().account.id || !request.is_by_holder_of(&key) {
            return Err(AirGapRefusal::OtherKey);
        }
        let active = machines.iter().find(|machine| machine.fingerprint == request.fingerprint).cloned();
        let done = match (request.action, active) {
            (Action::Activate, Some(machine)) => AirGapDone::Activated { license: id, machine: machine.id },
            (Action::Activate, None) => {
                let new =
                    NewMachine { fingerprint: request.fingerprint, facts: request.facts, metadata: "{}".to_owned() };
                let machine = self.service().activate(&mut tx, &mut facts, machines, new, actor, now).await?;
                AirGapDone::Activated { license: id, machine: machine.id }
            }
            (Action::Deactivate, None) => AirGapDone::Deactivated { license: id, label: None },
            (Action::Deactivate, Some(machine)) => {
                // Older than its activation, or than a file that it got since: then it was kept for later.
                let latest = machine.last_check_out_at.map_or(machine.created_at, |at| at.max(machine.created_at));
                if request.made_at.plus(CLOCK_TOLERANCE) < latest {
                    return Err(AirGapRefusal::Old);
                }
                self.service().deactivate(&mut tx, &machine, DeactivatedBy::App, actor, now).await?;
                AirGapDone::Deactivated { license: id, label: Some(machine.label()) }
            }
        };
        tx.commit().await?;
        Ok(done)
    }

    /// Makes the machine file of an own machine, encrypted, for the customer to carry. It lasts at most
    /// as long as the policy says.
    pub async fn check_out_machine(
        &self,
        license: LicenseId,
        machine: MachineId,
        days: u32,
        compose: impl FnOnce(&CheckOutFacts) -> Result<Vec<u8>, Internal> + Send,
    ) -> Result<SignedFile, CheckOutError> {
        let mut tx = self.service().store().write().await?;
        let found = self.service().lock_license_with_machines(&mut tx, license).await?;
        let (facts, machines) = found.ok_or(CheckOutError::NotFound)?;
        if facts.license.account != self.who().account.id {
            return Err(CheckOutError::NotFound);
        }
        facts.may_use_api(self.service().now()).map_err(CheckOutError::Refused)?;
        let machine = machines.iter().find(|active| active.id == machine).cloned().ok_or(CheckOutError::NotFound)?;
        let asked = Duration::from_hours(u64::from(days) * 24);
        let lasts = asked.min(facts.policy().file_ttl);
        let order =
            Order { machine: Some(machine), machines, ttl: FileTtl::Seconds(lasts.as_secs()), is_encrypted: true };
        let actor = self.actor();
        let file = self.service().make_file(&mut tx, facts, order, actor, compose).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// The own license whose key made the request.
    async fn find_by_proof(&self, reader: &mut Reader, request: &AirGapRequest) -> Result<Option<LicenseId>, Internal> {
        let licenses = reader.list_licenses_of(self.who().account.id).await?;
        let keys = self.service().open_keys(reader, &licenses).await?;
        Ok(keys.into_iter().find(|(_, key)| request.is_by_holder_of(key)).map(|(license, _)| license))
    }
}
