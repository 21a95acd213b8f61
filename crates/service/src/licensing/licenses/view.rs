//! Licenses with the data that is shown with them. It is read for all licenses at once, so that the number of
//! statements does not grow with the number of licenses or machines.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use latchkey_licensing::{
    account::Account,
    email::EmailAddress,
    entitlement::EntitlementCode,
    ids::{LicenseId, PolicyId},
    license::{License, LicenseStatus},
    license_key::LicenseKey,
    machine::Machine,
    policy::{Policy, SwapsLeft},
    product::Product,
    time::Timestamp,
};
use latchkey_store::{Conn, LicenseRecord};

use crate::{
    error::{Internal, internal_errors},
    identity::actors::{Admin, Fresh},
    licensing::validation::facts::LicenseFacts,
    service::{Service, catalog_cache::PolicyTerms},
};

/// The most machines of a license that are shown.
const SHOWN_MACHINES: u32 = 100;

/// A license with the data that is shown with it.
#[derive(Clone, Debug)]
pub struct LicenseView {
    /// The license.
    pub license: License,
    /// The license's current status.
    pub status: LicenseStatus,
    /// The policy that the license is under.
    pub policy: Policy,
    /// The product that the license is for.
    pub product: Product,
    /// How many machines may be active, including overage. `None` is unlimited.
    pub machine_limit_with_overage: Option<u32>,
    /// The number of active machines.
    pub machine_count: u32,
    /// The first active machines by slot, at most 100.
    pub machines: Vec<Machine>,
    /// How many machines the owner may still free now. `None` is unlimited.
    pub swaps: Option<SwapsLeft>,
    /// The license's own entitlements by code, without those of the policy.
    pub individual_entitlements: Vec<EntitlementCode>,
    /// The names of all entitlements that the license grants, those of the policy first.
    pub entitlement_names: Vec<String>,
}

/// A license with its key and its owner.
#[derive(Clone, Debug)]
pub struct IssuedLicense {
    /// The license with the data that is shown with it.
    pub view: LicenseView,
    /// The license key.
    pub key: LicenseKey,
    /// The owner's account.
    pub owner: Account,
    /// The address to which the change that returned this queued a mail. `None` if it queued none.
    pub mailed_to: Option<EmailAddress>,
}

/// Why a license was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum LicenseError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// It was changed since the admin looked at it.
    #[error("it was changed in the meantime")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(LicenseError);

impl Admin<'_> {
    /// A license with its key and its owner.
    pub async fn license(&self, id: LicenseId, _fresh: &Fresh) -> Result<IssuedLicense, LicenseError> {
        let mut reader = self.service.store().read().await?;
        let record = reader.find_license_record(id).await?.ok_or(LicenseError::NotFound(id))?;
        Ok(self.service.issued_license(&mut reader, record).await?)
    }

    /// Reads a license back after it was written.
    pub(crate) async fn reload_license(&self, id: LicenseId) -> Result<IssuedLicense, Internal> {
        let mut reader = self.service.store().read().await?;
        let record = reader.find_license_record(id).await?;
        let record = record.ok_or(Internal::Invariant("a license that was just written does not exist"))?;
        self.service.issued_license(&mut reader, record).await
    }
}

impl Service {
    async fn issued_license(&self, conn: &mut Conn, record: LicenseRecord) -> Result<IssuedLicense, Internal> {
        let facts = self.license_facts(conn, record).await?;
        let sealed = conn.get_key_ciphertext(facts.license.id).await?;
        let key = self.0.vault.open_key(facts.license.id, &sealed)?;
        let owner = facts.owner.clone();
        let view = self.view_license(conn, facts).await?;
        Ok(IssuedLicense { view, key, owner, mailed_to: None })
    }

    /// One license with the data that is shown with it.
    pub(crate) async fn view_license(&self, conn: &mut Conn, facts: LicenseFacts) -> Result<LicenseView, Internal> {
        let now = self.now();
        let owner_is_banned = facts.owner_is_banned();
        let has_own = facts.individual_entitlements > 0;
        let mut related =
            Related::read(conn, &[facts.license.id], earliest_window_start([facts.policy()], now), has_own).await?;
        Ok(related.view(facts.license, &facts.terms, owner_is_banned, now))
    }

    /// Licenses of one owner, in the given order.
    pub(crate) async fn view_licenses(
        &self,
        conn: &mut Conn,
        licenses: Vec<License>,
        owner_is_banned: bool,
    ) -> Result<Vec<LicenseView>, Internal> {
        if licenses.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let version = conn.catalog_version().await?;
        let mut terms: BTreeMap<PolicyId, Arc<PolicyTerms>> = BTreeMap::new();
        for license in &licenses {
            if let Entry::Vacant(entry) = terms.entry(license.policy) {
                entry.insert(self.policy_terms(conn, license.policy, version).await?);
            }
        }
        let ids: Vec<LicenseId> = licenses.iter().map(|license| license.id).collect();
        let since = earliest_window_start(terms.values().map(|terms| &terms.policy), now);
        let mut related = Related::read(conn, &ids, since, true).await?;
        let views = licenses.into_iter().map(|license| {
            let terms = terms.get(&license.policy).ok_or(Internal::Invariant("a license has no policy"))?;
            Ok::<_, Internal>(related.view(license, terms, owner_is_banned, now))
        });
        views.collect()
    }

    /// Decrypts the keys of licenses.
    pub(crate) async fn open_keys(
        &self,
        conn: &mut Conn,
        licenses: &[License],
    ) -> Result<BTreeMap<LicenseId, LicenseKey>, Internal> {
        let ids: Vec<LicenseId> = licenses.iter().map(|license| license.id).collect();
        let sealed = conn.list_key_ciphertexts(&ids).await?;
        let open = |(id, sealed): (LicenseId, Vec<u8>)| Ok::<_, Internal>((id, self.0.vault.open_key(id, &sealed)?));
        sealed.into_iter().map(open).collect()
    }
}

/// The earliest start of the policies' swap windows. `None` if no policy has a swap allowance.
fn earliest_window_start<'p>(policies: impl IntoIterator<Item = &'p Policy>, now: Timestamp) -> Option<Timestamp> {
    policies.into_iter().filter_map(|policy| policy.swap_allowance.map(|allowance| allowance.since(now))).min()
}

/// The data that is shown with some licenses.
struct Related {
    counts: BTreeMap<LicenseId, (u32, Option<Timestamp>)>,
    machines: BTreeMap<LicenseId, Vec<Machine>>,
    releases: BTreeMap<LicenseId, Vec<Timestamp>>,
    entitlements: BTreeMap<LicenseId, Vec<(EntitlementCode, String)>>,
}

impl Related {
    /// At most four statements. `since` is `None` if no policy has a swap allowance, and `has_entitlements` is false if
    /// no license has entitlements of its own.
    async fn read(
        conn: &mut Conn,
        ids: &[LicenseId],
        since: Option<Timestamp>,
        has_entitlements: bool,
    ) -> Result<Self, Internal> {
        let machines = conn.list_first_machines(ids, i64::from(SHOWN_MACHINES)).await?;
        let machines = grouped(machines.into_iter().map(|machine| (machine.license, machine)));
        let mut counts = BTreeMap::new();
        let mut has_more = false;
        for (license, machines) in &machines {
            let shown = u32::try_from(machines.len()).unwrap_or(u32::MAX);
            has_more |= shown >= SHOWN_MACHINES;
            counts.insert(*license, (shown, machines.iter().map(|machine| machine.last_seen_at).max()));
        }
        if has_more {
            let all = conn.count_machines(ids).await?;
            counts = all.into_iter().map(|count| (count.license, (count.machines, count.last_seen_at))).collect();
        }
        let releases = match since {
            Some(since) => grouped(conn.list_customer_deactivations_of(ids, since).await?.into_iter()),
            None => BTreeMap::new(),
        };
        let entitlements = if has_entitlements {
            let own = conn.list_individual_entitlements(ids).await?;
            grouped(own.into_iter().map(|(license, code, name)| (license, (code, name))))
        } else {
            BTreeMap::new()
        };
        Ok(Self { counts, machines, releases, entitlements })
    }

    fn view(&mut self, license: License, terms: &PolicyTerms, owner_is_banned: bool, now: Timestamp) -> LicenseView {
        let policy = &terms.policy;
        let id = license.id;
        let (machine_count, last_seen_at) = self.counts.get(&id).copied().unwrap_or_default();
        let releases = self.releases.remove(&id).unwrap_or_default();
        let swaps = policy.swap_allowance.map(|allowance| {
            let since = allowance.since(now);
            let times: Vec<Timestamp> = releases.into_iter().filter(|at| *at > since).collect();
            allowance.left(&times)
        });
        let (individual_entitlements, own_names): (Vec<_>, Vec<_>) =
            self.entitlements.remove(&id).unwrap_or_default().into_iter().unzip();
        let mut entitlement_names: Vec<String> =
            terms.entitlements.iter().map(|granted| granted.name.clone()).collect();
        for name in own_names {
            // A policy may have got the entitlement after the license did.
            if !entitlement_names.contains(&name) {
                entitlement_names.push(name);
            }
        }
        LicenseView {
            status: license.status_when_seen(owner_is_banned, last_seen_at, now),
            machine_limit_with_overage: license.machine_limit_with_overage(policy),
            machine_count,
            machines: self.machines.remove(&id).unwrap_or_default(),
            swaps,
            individual_entitlements,
            entitlement_names,
            license,
            policy: policy.clone(),
            product: terms.product.clone(),
        }
    }
}

fn grouped<T>(pairs: impl Iterator<Item = (LicenseId, T)>) -> BTreeMap<LicenseId, Vec<T>> {
    let mut groups: BTreeMap<LicenseId, Vec<T>> = BTreeMap::new();
    for (license, item) in pairs {
        groups.entry(license).or_default().push(item);
    }
    groups
}
