//! Adding customers, banning accounts and ending their sessions.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::AccountId,
};

use crate::{
    actors::Admin,
    audit::event::AccountEvent,
    error::{Internal, internal_errors},
};

/// Why an account was not changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no account with this address.
    #[error("there is no account with the address {0}")]
    NotFound(EmailAddress),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AccountError);

impl Admin<'_> {
    /// Creates a customer's account unless there is an account with this address. Returns the account and whether it
    /// is new.
    pub async fn add_customer(&self, email: &EmailAddress, name: Option<String>) -> Result<(Account, bool), Internal> {
        let mut tx = self.service.store().write().await?;
        let added = self.find_or_create_account(&mut tx, email, name, Role::Customer).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Bans an account: its sessions end, and its licenses validate as banned.
    pub async fn disable_account(&self, email: &EmailAddress) -> Result<AccountId, AccountError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AccountError::NotFound(email.clone()))?;
        tx.set_account_disabled(account.id, Some(now), now).await?;
        tx.delete_sessions_of(account.id).await?;
        self.service.record(&mut tx, now, self.cause(), AccountEvent::Disabled.of(account.id)).await?;
        tx.commit().await?;
        Ok(account.id)
    }

    /// Ends the ban of an account. Its licenses validate again, and the person can sign in. Returns whether it was banned.
    pub async fn enable_account(&self, email: &EmailAddress) -> Result<bool, AccountError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AccountError::NotFound(email.clone()))?;
        if account.disabled_at.is_none() {
            return Ok(false);
        }
        tx.set_account_disabled(account.id, None, now).await?;
        self.service.record(&mut tx, now, self.cause(), AccountEvent::Enabled.of(account.id)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Signs an account out everywhere (ML-19). Returns the number of sessions that ended.
    pub async fn end_sessions_of(&self, email: &EmailAddress) -> Result<u64, AccountError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AccountError::NotFound(email.clone()))?;
        let ended = tx.delete_sessions_of(account.id).await?;
        let event = AccountEvent::AllSessionsEnded { ended };
        self.service.record(&mut tx, now, self.cause(), event.of(account.id)).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
