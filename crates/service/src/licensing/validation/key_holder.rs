//! Apps, which authenticate with a license key.

use std::net::IpAddr;

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId, MachineId, ProcessId},
    license_key::LicenseKey,
    machine::Machine,
    time::Timestamp,
};
use latchkey_store::{Page, Tx};
use subtle::ConstantTimeEq;

use crate::{
    error::Internal,
    licensing::validation::{
        facts::{AuthRefusal, LicenseDocument, LicenseFacts, MachineDocument},
        machine_lookup::find_machine,
    },
    operation::rate_limit::{bucket::ApiBucket, gcra::Throttled, leases::SpendResult},
    service::Service,
};

/// The use cases of apps.
#[derive(Clone, Copy, Debug)]
pub struct Apps<'a>(pub(crate) &'a Service);

/// An app that presented the key of a license that may be used for the API.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    pub(crate) service: Service,
    pub(crate) facts: LicenseFacts,
    /// The presented key. Responses contain this one even if it has been replaced in the meantime.
    pub(crate) key: LicenseKey,
    /// The license's active machines by slot, if they were read with the license.
    pub(crate) machines: Option<Vec<Machine>>,
}

/// A request with a license key.
#[derive(Clone, Copy, Debug)]
pub struct KeyRequest<'a> {
    /// The key as the app sent it.
    pub key: &'a str,
    /// Who sends the heartbeat, if the request is one. Heartbeats have a rate limit for each active machine and each process:
    /// under the limit of the license, many machines would make each other miss their window. For a machine or process
    /// that does not exist, the request counts for the key.
    pub heartbeat_of: Option<HeartbeatOf<'a>>,
    /// The IP address that the request comes from.
    pub network: Option<IpAddr>,
    /// Whether to read the license's machines as well.
    pub with_machines: bool,
    /// Whether to count the request against the rate limits.
    pub counts: bool,
}

/// Who sends a heartbeat.
#[derive(Clone, Copy, Debug)]
pub enum HeartbeatOf<'a> {
    /// The machine with this id or fingerprint.
    Machine(&'a str),
    /// A process.
    Process(ProcessId),
}

impl<'a> KeyRequest<'a> {
    /// A request with this key, which is counted against the rate limits.
    pub fn new(key: &'a str, network: Option<IpAddr>) -> Self {
        Self { key, heartbeat_of: None, network, with_machines: false, counts: true }
    }
}

/// Why a request with a license key is rejected.
#[derive(Debug, thiserror::Error)]
pub enum KeyRequestError {
    /// A rate limit is reached.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The key is rejected.
    #[error(transparent)]
    Refused(#[from] AuthRefusal),
}

impl From<Internal> for KeyRequestError {
    fn from(error: Internal) -> Self {
        Self::Refused(error.into())
    }
}

/// The license with a key.
pub(crate) struct Found {
    pub(crate) facts: LicenseFacts,
    pub(crate) key: LicenseKey,
    pub(crate) machines: Option<Vec<Machine>>,
}

/// Where a page of a list starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStart<C> {
    /// After this item. `None` starts at the first.
    After(Option<C>),
    /// After this many items.
    Skip(u32),
}

impl<C> PageStart<C> {
    /// The same for a list that begins with the newest: the item before which the page starts, and how many items it
    /// skips.
    pub(crate) fn before(self) -> (Option<C>, i64) {
        match self {
            Self::After(before) => (before, 0),
            Self::Skip(count) => (None, i64::from(count)),
        }
    }
}

impl Service {
    /// The use cases of apps.
    pub fn apps(&self) -> Apps<'_> {
        Apps(self)
    }
}

impl Apps<'_> {
    /// Authenticates an app by its license key, and counts the request against the rate limits.
    pub async fn authenticate(&self, request: KeyRequest<'_>) -> Result<KeyHolder, KeyRequestError> {
        let Found { facts, key, machines } = self.find(request).await?.ok_or(AuthRefusal::Unknown)?;
        facts.may_use_api(self.0.now())?;
        Ok(KeyHolder { service: self.0.clone(), facts, key, machines })
    }

    /// Finds the license with this key, and counts the request against the rate limits (LC-13). A request with a known
    /// key counts only for the key, so that many computers behind one address do not block each other. One with an
    /// unknown key also counts for its network. A rejected request does not count.
    ///
    /// Malformed text is looked up as well, so that it takes as long as an unknown key (LC-12).
    pub(crate) async fn find(&self, request: KeyRequest<'_>) -> Result<Option<Found>, KeyRequestError> {
        let now = self.0.now();
        let limits = self.0.0.options.api_limits;
        let key = LicenseKey::parse(request.key).ok();
        let lookup = self.lookup(key.as_ref(), request.key);
        let key_bucket = ApiBucket::of_key(&lookup);
        let bucket = match request.heartbeat_of {
            Some(HeartbeatOf::Process(process)) => ApiBucket::of_heartbeat(&lookup, &process.to_string()),
            Some(HeartbeatOf::Machine(machine)) => ApiBucket::of_heartbeat(&lookup, machine),
            None => key_bucket,
        };
        let per_key = limits.per_key.limit().filter(|_| request.counts);
        let spent = match self.0.spend_from_memory(bucket, per_key, now) {
            SpendResult::Refused(throttled) => return Err(throttled.into()),
            SpendResult::Spent => true,
            SpendResult::Unknown => false,
        };
        let name = if spent { String::new() } else { bucket.name() };
        let found = self.0.read_license(lookup, name, request.with_machines).await?;
        let Some(((facts, stored, machines), key)) = found.zip(key) else {
            if !spent && let Some(throttled) = self.0.spend(key_bucket, per_key, now).await? {
                return Err(throttled.into());
            }
            let network = request.network.filter(|_| request.counts);
            if let Some(throttled) = self.0.count_network_request(network).await? {
                return Err(throttled.into());
            }
            return Ok(None);
        };
        if !spent {
            // What does not exist has no bucket of its own: requests for it would not be limited.
            let license = facts.license.id;
            let exists = match request.heartbeat_of {
                Some(HeartbeatOf::Process(process)) => self.0.has_process(license, process).await?,
                Some(HeartbeatOf::Machine(machine)) => self.is_active(license, machine).await?,
                None => true,
            };
            let throttled = if exists {
                self.0.spend_known(bucket, per_key, stored, now).await?
            } else {
                self.0.spend(key_bucket, per_key, now).await?
            };
            if let Some(throttled) = throttled {
                return Err(throttled.into());
            }
        }
        Ok(Some(Found { facts, key, machines }))
    }

    /// Whether the license is active on the machine with this id or fingerprint.
    async fn is_active(self, license: LicenseId, machine: &str) -> Result<bool, Internal> {
        let mut reader = self.0.store().read_without_snapshot().await?;
        Ok(find_machine(&mut reader, license, machine).await?.is_some())
    }

    /// The keyed hash by which a key is found. If the text is a key, its canonical spelling is hashed.
    fn lookup(self, key: Option<&LicenseKey>, text: &str) -> [u8; 32] {
        self.0.0.vault.key_lookup(key.map_or(text, LicenseKey::expose))
    }
}

impl KeyHolder {
    /// The license's id.
    pub fn license_id(&self) -> LicenseId {
        self.facts.license.id
    }

    /// Whether `text`, a license's id or key from a URL, stands for this license.
    pub fn has_id_or_key(&self, text: &str) -> bool {
        text.parse() == Ok(self.license_id())
            || LicenseKey::parse(text)
                .is_ok_and(|key| self.service.0.vault.key_lookup(key.expose()).ct_eq(&self.facts.key_lookup).into())
    }

    /// The URL of the portal's page for the license.
    pub fn portal_page(&self) -> String {
        self.service.license_page(self.license_id())
    }

    /// The license as shown to apps.
    pub async fn license(&self) -> Result<LicenseDocument, Internal> {
        let now = self.service.now();
        if let Some(machines) = &self.machines {
            return Ok(self.facts.document(machines, &self.key, now));
        }
        let machines =
            self.service.store().read_without_snapshot().await?.list_active_machines(self.license_id()).await?;
        Ok(self.facts.document(&machines, &self.key, now))
    }

    /// A page of the active machines, newest first.
    pub async fn machines(
        &self,
        start: PageStart<MachineId>,
        limit: u32,
    ) -> Result<Page<MachineDocument, MachineId>, Internal> {
        let mut reader = self.service.store().read().await?;
        let after = match start {
            PageStart::After(after) => after,
            PageStart::Skip(0) => None,
            PageStart::Skip(count) => {
                match reader.machine_id_at_position(self.license_id(), i64::from(count) - 1).await? {
                    Some(last) => Some(last),
                    None => return Ok(Page { items: Vec::new(), next: None }),
                }
            }
        };
        let machines = reader.list_machines(self.license_id(), after, Page::<Machine, MachineId>::rows(limit)).await?;
        let now = self.service.now();
        let outages = self.service.outages(&mut reader, self.facts.policy(), &machines, now).await?;
        let page = Page::new(machines, limit, |machine| machine.id);
        Ok(page.map(|machine| self.facts.machine_document(machine, &outages, now)))
    }

    /// One of the entitlements of the license and of its policy, by its id or code.
    pub async fn entitlement(&self, name: &str) -> Result<Option<Entitlement>, Internal> {
        let mut reader = self.service.store().read().await?;
        let held = self.service.all_entitlements(&mut reader, &self.facts).await?;
        Ok(held.into_iter().find(|held| name.parse() == Ok(held.id) || held.code.as_str() == name))
    }

    /// A page of the entitlements of the license and of its policy, newest first.
    pub async fn entitlements(
        &self,
        start: PageStart<EntitlementId>,
        limit: u32,
    ) -> Result<Page<Entitlement, EntitlementId>, Internal> {
        let (license, policy) = (self.facts.license.id, self.facts.license.policy);
        let mut reader = self.service.store().read().await?;
        let after = match start {
            PageStart::After(after) => after,
            PageStart::Skip(0) => None,
            PageStart::Skip(count) => {
                match reader.entitlement_id_at_position(license, policy, i64::from(count) - 1).await? {
                    Some(last) => Some(last),
                    None => return Ok(Page { items: Vec::new(), next: None }),
                }
            }
        };
        let rows = Page::<Entitlement, EntitlementId>::rows(limit);
        let held = reader.list_entitlements(license, policy, after, rows).await?;
        Ok(Page::new(held, limit, |held| held.id))
    }

    /// Locks the license and checks again that the app may use it, because that may have changed since the app was
    /// authenticated.
    pub(crate) async fn lock(&self, tx: &mut Tx) -> Result<LicenseFacts, AuthRefusal> {
        let facts = self.service.lock_license(tx, self.license_id()).await?.ok_or(AuthRefusal::Unknown)?;
        self.check_locked(&facts, self.service.now())?;
        Ok(facts)
    }

    /// The same, with the active machines by slot.
    pub(crate) async fn lock_with_machines(&self, tx: &mut Tx) -> Result<(LicenseFacts, Vec<Machine>), AuthRefusal> {
        let found = self.service.lock_license_with_machines(tx, self.license_id()).await?;
        let (facts, machines) = found.ok_or(AuthRefusal::Unknown)?;
        self.check_locked(&facts, self.service.now())?;
        Ok((facts, machines))
    }

    fn check_locked(&self, facts: &LicenseFacts, now: Timestamp) -> Result<(), AuthRefusal> {
        // The key may have been replaced in the meantime. Then the app, which has the old one, is rejected.
        if facts.key_lookup != self.facts.key_lookup {
            return Err(AuthRefusal::Unknown);
        }
        facts.may_use_api(now)
    }
}
