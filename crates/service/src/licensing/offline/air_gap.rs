//! Air-gap requests: a customer brings the request of a computer without a network to the portal, and takes a machine
//! file back.

use std::time::Duration;

use latchkey_licensing::{
    air_gap::{Action, AirGapError, AirGapRequest},
    ids::{LicenseId, MachineId},
    machine::Machine,
    policy::Policy,
};
use latchkey_store::{DeactivatedBy, Reader, StoreError};

use crate::{
    error::{Internal, internal_errors},
    identity::actors::{Customer, CustomerView},
    licensing::{
        licenses::view::LicenseView,
        machines::activate::{ActivateError, Activation, NewMachine},
        offline::check_out::{CheckOutError, CheckOutFacts, FileRequest, FileTtl, SignedFile},
    },
    mail::notify::Notify,
    operation::vault::plain_hash,
};

/// How far a computer's clock may be behind when it makes a request for deactivation.
const CLOCK_TOLERANCE: Duration = Duration::from_hours(1);

/// The times to live that customers may choose for a file, in days, apart from the policy's.
const DAY_CHOICES: [u32; 5] = [1, 7, 30, 90, 365];

/// An air-gap request with the customer's license that it is for.
#[derive(Clone, Debug)]
pub struct AirGapMatch {
    /// The request.
    pub request: AirGapRequest,
    /// The license that it is for.
    pub license: LicenseView,
    /// The machine, if the license is active on it.
    pub machine: Option<Machine>,
}

/// The outcome of an air-gap request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AirGapOutcome {
    /// The machine is active. Its file can be checked out.
    Activated {
        /// The license's id.
        license: LicenseId,
        /// The machine's id.
        machine: MachineId,
    },
    /// The machine is not active.
    Deactivated {
        /// The license's id.
        license: LicenseId,
        /// The machine's name. `None` if it was not active before.
        label: Option<String>,
    },
}

/// Why an air-gap request is rejected.
#[derive(Debug, thiserror::Error)]
pub enum AirGapRefusal {
    /// The text is not a valid request.
    #[error(transparent)]
    Text(#[from] AirGapError),
    /// It was not made with any of the customer's license keys.
    #[error("the request was made with a key that is not one of yours")]
    OtherKey,
    /// It asks for activation, and the policy does not let customers download files, without which the app cannot start.
    #[error("files for computers without internet access are not offered for this license")]
    FilesNotOffered,
    /// It asks for deactivation and is older than the machine's activation or its last file.
    #[error("the request is older than the computer's activation or its last file")]
    Old,
    /// The machine cannot be activated.
    #[error(transparent)]
    Activate(#[from] ActivateError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why a customer gets no file for a machine.
#[derive(Debug, thiserror::Error)]
pub enum CustomerFileError {
    /// The policy does not let customers download files.
    #[error("files for computers without internet access are not offered for this license")]
    NotOffered,
    /// The file cannot be checked out.
    #[error(transparent)]
    CheckOut(#[from] CheckOutError),
}

internal_errors!(AirGapRefusal);

impl From<StoreError> for CustomerFileError {
    fn from(error: StoreError) -> Self {
        Self::CheckOut(error.into())
    }
}

impl From<Internal> for CustomerFileError {
    fn from(error: Internal) -> Self {
        Self::CheckOut(error.into())
    }
}

/// The times to live that customers may choose for a file, in days, in ascending order. The last one is the policy's
/// and the default. `None` if the policy's is shorter than a day, so that there is no choice.
pub fn file_days(policy: &Policy) -> Option<Vec<u32>> {
    let max = u32::try_from(policy.file_ttl.as_secs() / (24 * 60 * 60)).unwrap_or(u32::MAX);
    if max == 0 {
        return None;
    }
    let mut choices: Vec<u32> = DAY_CHOICES.into_iter().filter(|days| *days < max).collect();
    choices.push(max);
    Some(choices)
}

impl CustomerView<'_> {
    /// Parses a request and finds the customer's license that it is for. Nothing is changed.
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

    /// The customer's license whose key the request was made with.
    async fn find_by_proof(&self, reader: &mut Reader, request: &AirGapRequest) -> Result<Option<LicenseId>, Internal> {
        let licenses = reader.list_licenses_of(self.account().id).await?;
        let keys = self.service().open_keys(reader, &licenses).await?;
        Ok(keys.into_iter().find(|(_, key)| request.is_by_holder_of(key)).map(|(license, _)| license))
    }
}

impl Customer<'_> {
    /// Carries out a request: activates the machine, within the license's limits, or deactivates it. It is not an error
    /// if that has been done already. A deactivation does not count against the swap allowance, because the app has
    /// deleted its file.
    pub async fn carry_out_air_gap_request(&self, text: &str) -> Result<AirGapOutcome, AirGapRefusal> {
        let request = AirGapRequest::parse(text)?;
        let mut reader = self.service().store().read().await?;
        let id = self.find_by_proof(&mut reader, &request).await?.ok_or(AirGapRefusal::OtherKey)?;
        drop(reader);
        let now = self.service().now();
        let cause = self.cause();
        let mut tx = self.service().store().write().await?;
        let found = self.service().lock_license_with_machines(&mut tx, id).await?;
        let (mut facts, machines) = found.ok_or(AirGapRefusal::OtherKey)?;
        // The owner or the key may have changed since the license was found.
        let sealed = tx.get_key_ciphertext(id).await?;
        let key = self.service().0.vault.open_key(id, &sealed)?;
        if facts.license.account != self.who().account.id || !request.is_by_holder_of(&key) {
            return Err(AirGapRefusal::OtherKey);
        }
        let active = machines.iter().find(|machine| machine.fingerprint == request.fingerprint).cloned();
        let outcome = match (request.action, active) {
            (Action::Activate, Some(machine)) => AirGapOutcome::Activated { license: id, machine: machine.id },
            (Action::Activate, None) => {
                if !facts.policy().customer_downloads_files {
                    return Err(AirGapRefusal::FilesNotOffered);
                }
                let new = NewMachine {
                    fingerprint: request.fingerprint,
                    facts: request.facts,
                    metadata: "{}".to_owned(),
                    components: Vec::new(),
                };
                // The owner has just confirmed it on a page that names the computer.
                let by = Activation { cause, notify: Notify::Nobody, now };
                let machine = self.service().activate(&mut tx, &mut facts, machines, new, by).await?;
                AirGapOutcome::Activated { license: id, machine: machine.id }
            }
            (Action::Deactivate, None) => AirGapOutcome::Deactivated { license: id, label: None },
            (Action::Deactivate, Some(machine)) => {
                // The machine was activated or got a file after it made the request, so it may still be in use.
                let latest = machine.last_check_out_at.map_or(machine.created_at, |at| at.max(machine.created_at));
                if request.made_at.plus(CLOCK_TOLERANCE) < latest {
                    return Err(AirGapRefusal::Old);
                }
                self.service().deactivate(&mut tx, &machine, DeactivatedBy::App, cause, now).await?;
                AirGapOutcome::Deactivated { license: id, label: Some(machine.label()) }
            }
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// Checks out an encrypted machine file for a machine of one of the customer's licenses. It is valid for `days`
    /// days, but at most as long as the policy's default. `compose` writes the dataset.
    pub async fn check_out_machine(
        &self,
        license: LicenseId,
        machine: MachineId,
        days: u32,
        compose: impl FnOnce(&CheckOutFacts) -> Result<Vec<u8>, Internal> + Send,
    ) -> Result<SignedFile, CustomerFileError> {
        let mut tx = self.service().store().write().await?;
        let found = self.service().lock_license_with_machines(&mut tx, license).await?;
        let (facts, machines) = found.ok_or(CheckOutError::NotFound)?;
        if facts.license.account != self.who().account.id {
            return Err(CheckOutError::NotFound.into());
        }
        if !facts.policy().customer_downloads_files {
            return Err(CustomerFileError::NotOffered);
        }
        let machine = machines.iter().find(|active| active.id == machine).cloned().ok_or(CheckOutError::NotFound)?;
        let asked = Duration::from_hours(u64::from(days) * 24);
        let ttl = asked.min(facts.policy().file_ttl);
        let request = FileRequest {
            machine: Some(machine),
            machines,
            ttl: FileTtl::Seconds(ttl.as_secs()),
            is_encrypted: true,
            with_components: false,
        };
        let cause = self.cause();
        let file = self.service().issue_file(&mut tx, facts, request, cause, compose).await?;
        tx.commit().await?;
        Ok(file)
    }
}
