//! Reading out all licenses with their keys, page by page.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    ids::{AccountId, LicenseId},
    license::License,
};

use crate::{
    actors::Admin,
    audit::event::{AuditEvent, LicensesEvent},
    error::Internal,
    licenses::row::LicenseRow,
};

/// How many licenses are read at once.
const PAGE: i64 = 500;

impl Admin<'_> {
    /// Hands every license with its key to `take`, the oldest first, page by page, and notes that it did.
    pub async fn export_licenses<E: From<Internal>>(
        &self,
        mut take: impl FnMut(LicenseRow) -> Result<(), E> + Send,
    ) -> Result<u64, E> {
        self.note_export().await?;
        let mut after = None;
        let mut count = 0;
        loop {
            let page = self.export_page(after).await?;
            let Some((last, _)) = page.last() else {
                return Ok(count);
            };
            after = Some(*last);
            for (_, row) in page {
                take(row)?;
                count += 1;
            }
        }
    }

    /// Every key leaves the server: that is written down before it does.
    async fn note_export(&self) -> Result<(), Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        self.service.record(&mut tx, now, self.actor, AuditEvent::Licenses(LicensesEvent::Exported)).await?;
        Ok(tx.commit().await?)
    }

    /// Five statements a page.
    async fn export_page(&self, after: Option<LicenseId>) -> Result<Vec<(LicenseId, LicenseRow)>, Internal> {
        let mut reader = self.service.store().read().await?;
        let page = reader.list_licenses(after, PAGE).await?;
        let policies = reader.list_policies().await?;
        let policies: BTreeMap<_, _> = policies.into_iter().map(|policy| (policy.id, policy.code)).collect();
        let ids: Vec<LicenseId> = page.iter().map(|license| license.id).collect();
        let owners: BTreeSet<AccountId> = page.iter().map(|license| license.account).collect();
        let owners = reader.list_accounts(&owners.into_iter().collect::<Vec<_>>()).await?;
        let owners: BTreeMap<_, _> = owners.into_iter().map(|owner| (owner.id, owner.email)).collect();
        let mut keys = self.service.open_keys(&mut reader, &page).await?;
        let mut held: BTreeMap<LicenseId, Vec<String>> = BTreeMap::new();
        for (license, code) in reader.list_own_entitlements(&ids).await? {
            held.entry(license).or_default().push(code.as_str().to_owned());
        }
        let row = |license: License| {
            let owner = owners.get(&license.account).cloned().ok_or(Internal::Broken("a license has no owner"))?;
            let policy = policies.get(&license.policy).cloned().ok_or(Internal::Broken("a license has no policy"))?;
            let key = keys.remove(&license.id).ok_or(Internal::Broken("a license has no key"))?;
            let metadata = serde_json::from_str(&license.metadata);
            let metadata = metadata.map_err(|_| Internal::Broken("a license's metadata is no JSON object"))?;
            let mut row = LicenseRow::of(&license, owner, policy, key, metadata);
            row.entitlements = held.remove(&license.id).unwrap_or_default();
            Ok::<_, Internal>((license.id, row))
        };
        page.into_iter().map(row).collect()
    }
}
