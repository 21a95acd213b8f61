//! What an app may do that shows a license key: validate, activate, list, heartbeat, check out,
//! check in, count uses, deactivate.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId, MachineId},
    license_key::LicenseKey,
};
use latchkey_store::{Reader, Tx};
use subtle::ConstantTimeEq;

use crate::{
    error::Internal,
    service::Service,
    validation::facts::{AuthRefusal, LicenseDocument, LicenseFacts, MachineDocument},
};

/// The use cases of apps.
#[derive(Clone, Copy, Debug)]
pub struct Apps<'a>(pub(crate) &'a Service);

/// An app that showed the key of a license which may use the API.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    pub(crate) service: Service,
    pub(crate) facts: LicenseFacts,
    /// The key that was shown. What answers show is this one, also if it is replaced meanwhile.
    pub(crate) key: LicenseKey,
}

/// A page of a list; `next` continues after it.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<C>,
}

impl Service {
    /// The use cases of apps.
    pub fn apps(&self) -> Apps<'_> {
        Apps(self)
    }
}

impl Apps<'_> {
    /// Checks a license key that is shown as a credential.
    pub async fn authenticate(&self, key: &str) -> Result<KeyHolder, AuthRefusal> {
        let mut reader = self.0.store().read().await?;
        let (facts, key) = self.find(&mut reader, key).await?.ok_or(AuthRefusal::Unknown)?;
        facts.may_use_api(self.0.now())?;
        Ok(KeyHolder { service: self.0.clone(), facts, key })
    }

    /// The license with this key, and the key in its one spelling. What is not of a key's form is looked
    /// for as well, so that it takes as long as an unknown key (LC-12).
    pub(crate) async fn find(
        &self,
        reader: &mut Reader,
        text: &str,
    ) -> Result<Option<(LicenseFacts, LicenseKey)>, Internal> {
        let key = LicenseKey::parse(text).ok();
        let found = reader.find_license_by_key(&self.lookup(key.as_ref(), text)).await?;
        match (found, key) {
            (Some(license), Some(key)) => Ok(Some((LicenseFacts::read(reader, license).await?, key))),
            _ => Ok(None),
        }
    }

    /// The keyed hash by which a key is found, in its one spelling if it is of a key's form.
    pub(crate) fn lookup(self, key: Option<&LicenseKey>, text: &str) -> [u8; 32] {
        self.0.0.vault.key_lookup(key.map_or(text, LicenseKey::expose))
    }
}

impl KeyHolder {
    /// The license's id.
    pub fn license_id(&self) -> LicenseId {
        self.facts.license.id
    }

    /// Whether `text`, an id or a key in an URL, is this license.
    pub fn is_named(&self, text: &str) -> bool {
        text.parse() == Ok(self.license_id())
            || LicenseKey::parse(text).is_ok_and(|key| self.lookup_of(&key).ct_eq(&self.lookup_of(&self.key)).into())
    }

    fn lookup_of(&self, key: &LicenseKey) -> [u8; 32] {
        self.service.0.vault.key_lookup(key.expose())
    }

    /// The license's page in the portal.
    pub fn portal_page(&self) -> String {
        self.service.license_page(self.license_id())
    }

    /// The license.
    pub async fn license(&self) -> Result<LicenseDocument, Internal> {
        let mut reader = self.service.store().read().await?;
        let machines = reader.list_machines(self.license_id(), None, crate::validation::facts::ALL_MACHINES).await?;
        Ok(self.facts.document(&machines, &self.key, self.service.now()))
    }

    /// The active machines, by id, after `after`.
    pub async fn machines(
        &self,
        after: Option<MachineId>,
        limit: u32,
    ) -> Result<Page<MachineDocument, MachineId>, Internal> {
        let mut reader = self.service.store().read().await?;
        let machines = reader.list_machines(self.license_id(), after, i64::from(limit) + 1).await?;
        let now = self.service.now();
        let outages = self.service.outages(&mut reader, &self.facts.policy, &machines, now).await?;
        let items: Vec<_> = machines.into_iter().map(|machine| self.facts.describe(machine, &outages, now)).collect();
        Ok(page(items, limit, |item| item.machine.id))
    }

    /// The entitlements from policy and license, by id, after `after`.
    pub async fn entitlements(
        &self,
        after: Option<EntitlementId>,
        limit: u32,
    ) -> Result<Page<Entitlement, EntitlementId>, Internal> {
        let mut reader = self.service.store().read().await?;
        let license = &self.facts.license;
        let items = reader.list_entitlements(license.id, license.policy, after, i64::from(limit) + 1).await?;
        Ok(page(items, limit, |item| item.id))
    }

    /// Locks the license and reads it again: a decision may have come since the key was checked, and
    /// under the lock the answer is final.
    pub(crate) async fn lock(&self, tx: &mut Tx) -> Result<LicenseFacts, AuthRefusal> {
        let facts = LicenseFacts::lock(tx, self.license_id()).await?.ok_or(AuthRefusal::Unknown)?;
        // The key may have been replaced meanwhile: the old one must not be answered with the new one.
        let by_key = tx.find_license_by_key(&self.lookup_of(&self.key)).await?;
        if by_key.is_none_or(|license| license.id != facts.license.id) {
            return Err(AuthRefusal::Unknown);
        }
        facts.may_use_api(self.service.now())?;
        Ok(facts)
    }
}

fn page<T, C>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = if has_more { items.last().map(cursor) } else { None };
    Page { items, next }
}
