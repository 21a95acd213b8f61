//! Exporting all licenses with their keys.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    ids::{AccountId, LicenseId},
    license::License,
};

use crate::{
    audit::event::{AllLicensesEvent, AuditEvent},
    error::Internal,
    identity::actors::{Admin, Fresh},
    licensing::licenses::row::LicenseRow,
};

/// How many licenses are read at once.
const PAGE: i64 = 500;

impl Admin<'_> {
    /// Passes each license with its key to `emit`, the oldest first, and records the export in the audit log. Returns
    /// the number of licenses.
    pub async fn export_licenses<E: From<Internal>>(
        &self,
        _fresh: &Fresh,
        mut emit: impl FnMut(LicenseRow) -> Result<(), E> + Send,
    ) -> Result<u64, E> {
        self.record_export().await?;
        let mut after = None;
        let mut count = 0;
        loop {
            let page = self.export_page(after).await?;
            let Some((last, _)) = page.last() else {
                return Ok(count);
            };
            after = Some(*last);
            for (_, row) in page {
                emit(row)?;
                count += 1;
            }
        }
    }

    /// Records the export before the first key leaves the server.
    async fn record_export(&self) -> Result<(), Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        self.service.record(&mut tx, now, self.actor, AuditEvent::AllLicenses(AllLicensesEvent::Exported)).await?;
        Ok(tx.commit().await?)
    }

    /// The licenses after `after`, at most [`PAGE`], read with a fixed number of statements.
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
        for (license, code, _) in reader.list_individual_entitlements(&ids).await? {
            held.entry(license).or_default().push(code.as_str().to_owned());
        }
        let row = |license: License| {
            let owner = owners.get(&license.account).cloned().ok_or(Internal::Invariant("a license has no owner"))?;
            let policy =
                policies.get(&license.policy).cloned().ok_or(Internal::Invariant("a license has no policy"))?;
            let key = keys.remove(&license.id).ok_or(Internal::Invariant("a license has no key"))?;
            let metadata = serde_json::from_str(&license.metadata);
            let metadata = metadata.map_err(|_| Internal::Invariant("a license's metadata is not a JSON object"))?;
            let mut row = LicenseRow::of(&license, owner, policy, key, metadata);
            row.entitlements = held.remove(&license.id).unwrap_or_default();
            Ok::<_, Internal>((license.id, row))
        };
        page.into_iter().map(row).collect()
    }
}
