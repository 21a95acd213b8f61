//! A customer with licenses and history, for admins.

use latchkey_licensing::{account::Account, email::EmailAddress, license_key::LicenseKey};

use crate::{
    audit::{event::ACCOUNT, log::AuditEntry},
    error::Internal,
    identity::{
        accounts::customers::AccountError,
        actors::{Admin, Fresh},
    },
    licensing::licenses::view::LicenseView,
};

/// The most entries of an account's history that are shown.
const MAX_HISTORY: i64 = 50;

/// An account with its licenses and history.
#[derive(Clone, Debug)]
pub struct CustomerRecord {
    /// The customer's account.
    pub account: Account,
    /// The customer's licenses, each with its key.
    pub licenses: Vec<(LicenseView, LicenseKey)>,
    /// The newest entries of the audit log about the account.
    pub history: Vec<AuditEntry>,
}

impl Admin<'_> {
    /// The customer with this address, with licenses and history.
    pub async fn customer(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<CustomerRecord, AccountError> {
        let mut reader = self.service.store().read().await?;
        let account = reader.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AccountError::NotFound(email.clone()))?;
        let licenses = reader.list_licenses_of(account.id).await?;
        let mut keys = self.service.open_keys(&mut reader, &licenses).await?;
        let views = self.service.view_licenses(&mut reader, licenses, account.disabled_at.is_some()).await?;
        let with_key = |view: LicenseView| {
            let key = keys.remove(&view.license.id).ok_or(Internal::Invariant("a license has no key"))?;
            Ok::<_, Internal>((view, key))
        };
        let licenses = views.into_iter().map(with_key).collect::<Result<_, _>>()?;
        let history = reader.list_audit_of(ACCOUNT, &account.id.to_string(), MAX_HISTORY).await?;
        Ok(CustomerRecord { account, licenses, history: AuditEntry::read_all(history)? })
    }
}
