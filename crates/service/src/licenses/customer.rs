//! A customer's own licenses. What belongs to someone else is answered as if it did not exist.

use latchkey_licensing::{
    ids::LicenseId,
    license::{License, Standing},
    license_key::LicenseKey,
    policy::SwapsLeft,
};

use latchkey_store::Conn;

use crate::{
    accounts::name::NameInvalid,
    actors::Customer,
    audit::{event::LICENSE, log::AuditEntry},
    error::{Internal, internal_errors},
    licenses::view::LicenseView,
    validation::facts::{AuthRefusal, LicenseFacts},
};

/// How many lines of a license's history are shown.
const MAX_HISTORY: i64 = 100;

/// Why a customer's wish about a license or a machine was not granted.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// There is nothing of that id that is the customer's.
    #[error("there is no such thing")]
    NotFound,
    /// The policy lets no more machines be freed by the customer now.
    #[error("no more computers can be freed now")]
    NoSwapsLeft(SwapsLeft),
    /// The policy leaves keys to the vendor.
    #[error("the key of this license cannot be replaced by its owner")]
    KeyFixed,
    /// The license is suspended or revoked.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The name cannot be kept.
    #[error(transparent)]
    NameInvalid(#[from] NameInvalid),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(CustomerError);

impl Customer<'_> {
    /// All own licenses, oldest first.
    pub async fn licenses(&self) -> Result<Vec<LicenseView>, Internal> {
        let mut reader = self.service().store().read().await?;
        let licenses = reader.list_licenses_of(self.who().account.id).await?;
        self.service().view_licenses(&mut reader, licenses, false).await
    }

    /// One own license.
    pub async fn license(&self, id: LicenseId) -> Result<LicenseView, CustomerError> {
        let mut reader = self.service().store().read().await?;
        let facts = self.own_facts(&mut reader, id).await?;
        Ok(self.service().view_license(&mut reader, facts).await?)
    }

    /// One own license, and what happened to it, the newest first.
    pub async fn license_with_history(&self, id: LicenseId) -> Result<(LicenseView, Vec<AuditEntry>), CustomerError> {
        let mut reader = self.service().store().read().await?;
        let facts = self.own_facts(&mut reader, id).await?;
        let rows = reader.list_audit_of(LICENSE, &id.to_string(), MAX_HISTORY).await?;
        // What was before it came to this owner is somebody else's.
        let mut entries = AuditEntry::read_all(rows)?;
        if let Some(at) = entries.iter().position(|entry| entry.event.may_change_owner()) {
            entries.truncate(at + 1);
        }
        let view = self.service().view_license(&mut reader, facts).await?;
        Ok((view, entries))
    }

    /// The key of one own license.
    pub async fn reveal_key(&self, id: LicenseId) -> Result<LicenseKey, CustomerError> {
        let mut reader = self.service().store().read().await?;
        let license = self.own(reader.find_license(id).await?)?;
        let sealed = reader.get_key_ciphertext(license.id).await?;
        Ok(self.service().0.vault.open_key(license.id, &sealed)?)
    }

    /// Replaces the key of an own license. The old one opens nothing from now on; machines stay active,
    /// and each app must be given the new key. Files that are encrypted with the old key are read with
    /// the old key alone.
    pub async fn rotate_key(&self, id: LicenseId) -> Result<LicenseKey, CustomerError> {
        let mut tx = self.service().store().write().await?;
        let facts = self.service().lock_license(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
        self.own(Some(facts.license.clone()))?;
        if !facts.policy().customer_rotates_key {
            return Err(CustomerError::KeyFixed);
        }
        // A new key must not bring back what was taken away, nor look as if it did.
        match facts.license.standing {
            Standing::Good => {}
            Standing::Suspended(_) => return Err(CustomerError::Refused(AuthRefusal::Suspended)),
            Standing::Revoked(_) => return Err(CustomerError::Refused(AuthRefusal::Revoked)),
        }
        let key = self.service().replace_key(&mut tx, &facts, self.actor()).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// A license of this customer's with what its rules look at.
    pub(crate) async fn own_facts(&self, conn: &mut Conn, id: LicenseId) -> Result<LicenseFacts, CustomerError> {
        let record = conn.find_license_record(id).await?;
        let record = record.filter(|record| record.license.account == self.who().account.id);
        Ok(self.service().license_facts(conn, record.ok_or(CustomerError::NotFound)?).await?)
    }

    /// The license, if it is this customer's.
    pub(crate) fn own(&self, license: Option<License>) -> Result<License, CustomerError> {
        license.filter(|license| license.account == self.who().account.id).ok_or(CustomerError::NotFound)
    }
}
