//! Check-out: issuing signed files for offline use.

use std::time::Duration;

use latchkey_licensing::{
    account::Account,
    certificate::{self, FileAlgorithm, FileEncoding, FileKind, FileSecret},
    claims::MAX_TTL_SECONDS,
    entitlement::Entitlement,
    license::FirstUse,
    machine::Machine,
    policy::MIN_FILE_TTL,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{
        actor::{Actor, Cause},
        event::LicenseEvent,
    },
    error::{Internal, internal_errors},
    licensing::validation::{
        facts::{AuthRefusal, ComponentDocument, LicenseDocument, LicenseFacts, MachineDocument},
        key_holder::KeyHolder,
    },
    service::Service,
};

/// The kind of file to check out.
#[derive(Clone, Copy, Debug)]
pub enum FileSubject<'a> {
    /// A license file.
    License,
    /// A machine file, for the active machine with this id or fingerprint.
    Machine(&'a str),
}

/// The time to live of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileTtl {
    /// The policy's default.
    Default,
    /// This many seconds, limited to the longest time that all clients can read.
    Seconds(u64),
    /// The longest time that all clients can read, 68 years.
    Perpetual,
}

impl FileTtl {
    fn seconds(self, default: Duration) -> Result<u32, CheckOutError> {
        let seconds = match self {
            Self::Default => default.as_secs(),
            Self::Seconds(seconds) => seconds,
            Self::Perpetual => u64::from(MAX_TTL_SECONDS),
        };
        if seconds < MIN_FILE_TTL.as_secs() {
            return Err(CheckOutError::TtlTooShort);
        }
        Ok(u32::try_from(seconds).unwrap_or(MAX_TTL_SECONDS).min(MAX_TTL_SECONDS))
    }
}

/// An app's request to check out a file.
#[derive(Clone, Copy, Debug)]
pub struct CheckOutRequest<'a> {
    /// The kind of file.
    pub subject: FileSubject<'a>,
    /// The file's time to live.
    pub ttl: FileTtl,
    /// Whether to encrypt the file: a license file with the license key, a machine file with the key followed by the
    /// fingerprint.
    pub is_encrypted: bool,
    /// Whether the facts contain the machine's components.
    pub with_components: bool,
}

/// The facts for a file's dataset, read under the license's lock.
#[derive(Clone, Debug)]
pub struct CheckOutFacts {
    /// The license that the file is for.
    pub license: LicenseDocument,
    /// The machine that the file is for. `None` for a license file.
    pub machine: Option<MachineDocument>,
    /// The machine's components, by id, if they were asked for.
    pub components: Vec<ComponentDocument>,
    /// The entitlements of the policy and of the license.
    pub entitlements: Vec<Entitlement>,
    /// The account of the license's owner.
    pub owner: Account,
    /// When the file is issued.
    pub issued_at: Timestamp,
    /// When the file expires.
    pub expires_at: Timestamp,
    /// The file's time to live, in seconds.
    pub ttl: u32,
}

/// A checked-out file.
#[derive(Clone, Debug)]
pub struct SignedFile {
    /// The file's text.
    pub text: String,
    /// How the file is encoded and signed.
    pub algorithm: FileAlgorithm,
    /// The facts that its dataset was written from.
    pub facts: CheckOutFacts,
}

/// Why no file was checked out.
#[derive(Debug, thiserror::Error)]
pub enum CheckOutError {
    /// The license is not active on this machine.
    #[error("there is no such machine")]
    NotFound,
    /// The time to live is shorter than an hour.
    #[error("a file must be valid for at least an hour")]
    TtlTooShort,
    /// The file would be too long.
    #[error(transparent)]
    TooLong(#[from] certificate::TooLong),
    /// The license may not be used any more.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(CheckOutError);

impl KeyHolder {
    /// Checks out a file. `compose` writes its dataset from the facts.
    pub async fn check_out(
        &self,
        asked: CheckOutRequest<'_>,
        compose: impl FnOnce(&CheckOutFacts) -> Result<Vec<u8>, Internal> + Send,
    ) -> Result<SignedFile, CheckOutError> {
        let mut tx = self.service.store().write().await?;
        let (facts, machines) = self.lock_with_machines(&mut tx).await.map_err(CheckOutError::Refused)?;
        let machine = match asked.subject {
            FileSubject::License => None,
            FileSubject::Machine(name) => Some(named(&machines, name).ok_or(CheckOutError::NotFound)?),
        };
        let CheckOutRequest { ttl, is_encrypted, with_components, .. } = asked;
        let request = FileRequest { machine, machines, ttl, is_encrypted, with_components };
        let file =
            self.service.issue_file(&mut tx, facts, request, Actor::App(self.license_id()).into(), compose).await?;
        tx.commit().await?;
        Ok(file)
    }
}

/// The active machine with this id or fingerprint.
fn named(machines: &[Machine], text: &str) -> Option<Machine> {
    let by_id = text.parse().ok().and_then(|id| machines.iter().find(|machine| machine.id == id));
    by_id.or_else(|| machines.iter().find(|machine| machine.fingerprint.as_str() == text)).cloned()
}

/// A file to issue in a transaction that holds the license's lock.
pub(crate) struct FileRequest {
    /// The machine that a machine file is for.
    pub(crate) machine: Option<Machine>,
    /// The license's active machines.
    pub(crate) machines: Vec<Machine>,
    pub(crate) ttl: FileTtl,
    pub(crate) is_encrypted: bool,
    pub(crate) with_components: bool,
}

impl Service {
    /// Issues a file, and records that with the license, the machine, the audit log and the signing key, which must not
    /// be retired by accident while the file is valid.
    pub(crate) async fn issue_file(
        &self,
        tx: &mut Tx,
        mut facts: LicenseFacts,
        request: FileRequest,
        cause: Cause<'_>,
        compose: impl FnOnce(&CheckOutFacts) -> Result<Vec<u8>, Internal> + Send,
    ) -> Result<SignedFile, CheckOutError> {
        let now = self.now();
        facts.may_begin_use(now).map_err(CheckOutError::Refused)?;
        let FileRequest { machine, mut machines, ttl, is_encrypted, with_components } = request;
        let ttl = ttl.seconds(facts.policy().file_ttl)?;
        let expires_at = now.plus(Duration::from_secs(u64::from(ttl)));
        let keyring = self.signing_keyring(tx, Some(end_of_day(expires_at))).await?;

        let terms = facts.terms.clone();
        self.start_duration_on_first_use(tx, &mut facts.license, &terms.policy, FirstUse::CheckOut, cause, now).await?;
        facts.license.last_check_out_at = Some(now);
        facts.license.updated_at = now;
        tx.update_license(&facts.license).await?;
        let machine = match machine {
            Some(mut machine) => {
                machine.last_check_out_at = Some(now);
                machine.last_seen_at = now;
                machine.updated_at = now;
                tx.update_machine(&machine).await?;
                if let Some(listed) = machines.iter_mut().find(|listed| listed.id == machine.id) {
                    listed.clone_from(&machine);
                }
                let outages = self.outages(tx, facts.policy(), std::slice::from_ref(&machine), now).await?;
                Some(facts.machine_document(machine, &outages, now))
            }
            None => None,
        };
        let components = match &machine {
            Some(document) if with_components => tx.list_components_of(&[document.machine.id]).await?,
            _ => Vec::new(),
        };
        let components = components.into_iter().map(|component| facts.component_document(component)).collect();
        let entitlements = self.all_entitlements(tx, &facts).await?;
        let sealed_key = tx.get_key_ciphertext(facts.license.id).await?;
        let key = self.0.vault.open_key(facts.license.id, &sealed_key)?;
        let license = facts.document(&machines, &key, now);
        let contents = CheckOutFacts {
            license,
            machine,
            components,
            entitlements,
            owner: facts.owner,
            issued_at: now,
            expires_at,
            ttl,
        };

        let dataset = compose(&contents)?;
        let (kind, secret) = match &contents.machine {
            None => (FileKind::License, FileSecret::of_license(&contents.license.key)),
            Some(document) => {
                (FileKind::Machine, FileSecret::of_machine(&contents.license.key, &document.machine.fingerprint))
            }
        };
        let sealing = if is_encrypted {
            FileEncoding::Encrypted { secret: &secret, iv: self.random()? }
        } else {
            FileEncoding::Plain
        };
        let text = certificate::seal(kind, &dataset, sealing, keyring.signer())?;

        let event = match &contents.machine {
            Some(document) => {
                LicenseEvent::MachineCheckedOut { ttl, until: expires_at, name: document.machine.label() }
            }
            None => LicenseEvent::CheckedOut { ttl, until: expires_at },
        };
        self.record(tx, now, cause, event.of(contents.license.license.id)).await?;
        Ok(SignedFile { text, algorithm: sealing.algorithm(), facts: contents })
    }
}

/// The end of the day that contains an instant. It is the same for all files of a day, which saves writes.
fn end_of_day(at: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let days = at.unix_micros().div_euclid(DAY).saturating_add(1);
    Timestamp::from_unix_micros(days.saturating_mul(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttls_stay_within_what_clients_can_read() {
        let default = Duration::from_hours(24);
        let seconds = |ttl: FileTtl| ttl.seconds(default).ok();
        assert_eq!(seconds(FileTtl::Default), Some(86_400));
        assert_eq!(seconds(FileTtl::Seconds(3_599)), None);
        assert_eq!(seconds(FileTtl::Seconds(3_600)), Some(3_600));
        assert_eq!(seconds(FileTtl::Seconds(u64::MAX)), Some(MAX_TTL_SECONDS));
        assert_eq!(seconds(FileTtl::Perpetual), Some(2_147_483_647));
    }
}
