//! The licenses of the signed-in customer. For licenses of others, the result is the same as if they did not exist.

use std::collections::BTreeSet;

use latchkey_licensing::{
    ids::LicenseId,
    license::{License, Standing},
    license_key::LicenseKey,
    policy::SwapsLeft,
};

use latchkey_store::{Conn, Page};

use crate::{
    audit::{event::LICENSE, log::AuditEntry},
    error::{Internal, internal_errors},
    identity::{
        accounts::name::InvalidName,
        actors::{Customer, CustomerView},
    },
    licensing::{
        licenses::view::LicenseView,
        validation::facts::{AuthRefusal, LicenseFacts},
    },
    mail::{notify::Notify, reasons::ReplacedBy},
};

/// The most entries of a license's history that are shown.
const MAX_HISTORY: i64 = 100;

/// Why a customer's use case of a license or a machine failed.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// The license or machine does not exist or belongs to someone else.
    #[error("there is no such license or computer")]
    NotFound,
    /// The swap allowance is used up.
    #[error("no more computers can be freed now")]
    NoSwapsLeft(SwapsLeft),
    /// The policy does not let customers replace their keys.
    #[error("the key of this license cannot be replaced by its owner")]
    KeyNotReplaceable,
    /// The policy does not let customers free machines.
    #[error("the computers of this license cannot be freed by its owner")]
    MachineNotFreeable,
    /// The policy does not let customers rename machines.
    #[error("the computers of this license cannot be renamed by its owner")]
    MachineNotRenamable,
    /// The license is suspended or revoked.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The text is not a valid name.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(CustomerError);

impl CustomerView<'_> {
    /// The customer's licenses, the oldest first.
    pub async fn licenses(&self) -> Result<Vec<LicenseView>, Internal> {
        let mut reader = self.service().store().read().await?;
        let licenses = reader.list_licenses_of(self.account().id).await?;
        self.service().view_licenses(&mut reader, licenses, false).await
    }

    /// The customer's licenses after `after`: the oldest first, and those that are revoked or expired at the end. With a text, those whose key ends with it.
    pub async fn licenses_page(
        &self,
        key_end: &str,
        after: Option<LicenseId>,
        limit: u32,
    ) -> Result<Page<LicenseView, LicenseId>, Internal> {
        let mut reader = self.service().store().read().await?;
        let account = self.account().id;
        let Page { items, next } =
            reader.list_licenses_page_of(account, key_end, after, self.service().now(), limit).await?;
        let items = self.service().view_licenses(&mut reader, items, false).await?;
        Ok(Page { items, next })
    }

    /// The newest entries of the history of licenses, the newest first, in one statement. What happened before a license came
    /// to this customer is left out, as are licenses whose policy does not show their history.
    pub async fn recent_history(&self, licenses: &[LicenseView], limit: u32) -> Result<Vec<AuditEntry>, Internal> {
        let shown = licenses
            .iter()
            .filter(|view| view.license.account == self.account().id && view.policy.customer_sees_history);
        let ids: Vec<String> = shown.map(|view| view.license.id.to_string()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.service().store().read_without_snapshot().await?;
        let rows = reader.list_newest_audit_of(LICENSE, &ids, i64::from(limit)).await?;
        let mut came = BTreeSet::new();
        let mut entries = Vec::new();
        for entry in AuditEntry::read_all(rows)? {
            let license = entry.event.stored().subject_id;
            // Entries from before the license came to this owner belong to somebody else.
            if came.contains(&license) {
                continue;
            }
            if entry.event.may_change_owner() {
                came.insert(license);
            }
            entries.push(entry);
        }
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(entries)
    }

    /// One of the customer's licenses.
    pub async fn license(&self, id: LicenseId) -> Result<LicenseView, CustomerError> {
        let mut reader = self.service().store().read().await?;
        let facts = self.own_facts(&mut reader, id).await?;
        Ok(self.service().view_license(&mut reader, facts).await?)
    }

    /// One of the customer's licenses and its history, the newest entry first. The history is empty if the policy does not
    /// show it to customers.
    pub async fn license_with_history(&self, id: LicenseId) -> Result<(LicenseView, Vec<AuditEntry>), CustomerError> {
        let mut reader = self.service().store().read().await?;
        let facts = self.own_facts(&mut reader, id).await?;
        if !facts.policy().customer_sees_history {
            return Ok((self.service().view_license(&mut reader, facts).await?, Vec::new()));
        }
        let rows = reader.list_audit_of(LICENSE, &id.to_string(), MAX_HISTORY).await?;
        // Entries from before the license came to this owner belong to somebody else.
        let mut entries = AuditEntry::read_all(rows)?;
        if let Some(at) = entries.iter().position(|entry| entry.event.may_change_owner()) {
            entries.truncate(at + 1);
        }
        let view = self.service().view_license(&mut reader, facts).await?;
        Ok((view, entries))
    }

    /// The facts of a license, if it belongs to this customer.
    pub(crate) async fn own_facts(&self, conn: &mut Conn, id: LicenseId) -> Result<LicenseFacts, CustomerError> {
        let record = conn.find_license_record(id).await?;
        let record = record.filter(|record| record.license.account == self.account().id);
        Ok(self.service().license_facts(conn, record.ok_or(CustomerError::NotFound)?).await?)
    }

    /// The license, if it belongs to this customer.
    pub(crate) fn own(&self, license: Option<License>) -> Result<License, CustomerError> {
        license.filter(|license| license.account == self.account().id).ok_or(CustomerError::NotFound)
    }
}

impl Customer<'_> {
    /// The key of one of the customer's licenses.
    pub async fn reveal_key(&self, id: LicenseId) -> Result<LicenseKey, CustomerError> {
        let mut reader = self.service().store().read().await?;
        let license = self.own(reader.find_license(id).await?)?;
        let sealed = reader.get_key_ciphertext(license.id).await?;
        Ok(self.service().0.vault.open_key(license.id, &sealed)?)
    }

    /// Replaces the key of one of the customer's licenses. The old key is rejected from then on. Machines stay active,
    /// but each app needs the new key. Files that are encrypted with the old key can only be opened with the old key.
    /// The new key is also mailed to the customer, so that a replacement by someone else is noticed.
    pub async fn replace_key(&self, id: LicenseId) -> Result<LicenseKey, CustomerError> {
        let mut tx = self.service().store().write().await?;
        let facts = self.service().lock_license(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
        self.own(Some(facts.license.clone()))?;
        if !facts.policy().customer_replaces_key {
            return Err(CustomerError::KeyNotReplaceable);
        }
        // A new key would suggest that the license can be used again.
        match facts.license.standing {
            Standing::Good => {}
            Standing::Suspended(_) => return Err(CustomerError::Refused(AuthRefusal::Suspended)),
            Standing::Revoked(_) => return Err(CustomerError::Refused(AuthRefusal::Revoked)),
        }
        let (by, notify) = (ReplacedBy::Owner, Notify::Customer);
        let (key, _) = self.service().replace_key(&mut tx, &facts, self.cause(), by, notify).await?;
        tx.commit().await?;
        self.service().wake_mail_worker();
        Ok(key)
    }
}
