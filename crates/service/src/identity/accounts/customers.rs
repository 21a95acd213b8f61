//! Adding customers, banning accounts and ending their sessions.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{AccountId, SessionId},
};

use crate::{
    audit::{actor::Actor, event::AccountEvent},
    error::{Internal, internal_errors},
    identity::actors::{Admin, Support},
};

/// Why an account was not changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no account with this address.
    #[error("there is no account with the address {0}")]
    NotFound(EmailAddress),
    /// The last admin can only be banned on the host.
    #[error("this is the last admin")]
    LastAdmin,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AccountError);

impl Support<'_> {
    /// The account with this address.
    pub async fn find_account(&self, email: &EmailAddress) -> Result<Option<Account>, Internal> {
        Ok(self.service.store().read_without_snapshot().await?.find_account_by_email(email).await?)
    }
}

impl Admin<'_> {
    /// Creates a customer's account unless there is an account with this address. Returns the account and whether it
    /// is new.
    pub async fn add_customer(&self, email: &EmailAddress, name: Option<String>) -> Result<(Account, bool), Internal> {
        let mut tx = self.service.store().write().await?;
        let added = self.find_or_create_account(&mut tx, email, name, Role::Customer).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Bans an account: its sessions end, and its licenses validate as banned. The last admin is not banned, except by a
    /// command on the host.
    pub async fn disable_account(&self, email: &EmailAddress) -> Result<AccountId, AccountError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        // Two admins cannot ban each other at the same time.
        tx.lock_instance().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AccountError::NotFound(email.clone()))?;
        let is_last =
            account.role == Role::Admin && account.disabled_at.is_none() && tx.count_enabled_admins().await? <= 1;
        if is_last && self.actor != Actor::Host {
            return Err(AccountError::LastAdmin);
        }
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

    /// Signs an account out in one browser (ML-19). Returns whether it was signed in there.
    pub async fn end_session_of(&self, account: AccountId, session: SessionId) -> Result<bool, Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let is_ended = tx.delete_session(account, session).await?;
        if is_ended {
            self.service.record(&mut tx, now, self.cause(), AccountEvent::SessionEnded.of(account)).await?;
        }
        tx.commit().await?;
        Ok(is_ended)
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
