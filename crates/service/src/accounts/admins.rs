//! Admins, and links made on the host to sign in with.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
};

use crate::{
    actors::Admin,
    audit::event::AccountEvent,
    error::{Internal, internal_errors},
    sign_in::secrets::HostLink,
};

/// Why an account was not made an admin's.
#[derive(Debug, thiserror::Error)]
pub enum AddAdminError {
    /// It is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(EmailAddress),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub enum SignInLinkError {
    /// There is no account with this address.
    #[error("there is no account with the address {0}")]
    AccountNotFound(EmailAddress),
    /// It is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(EmailAddress),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AddAdminError, SignInLinkError);

impl Admin<'_> {
    /// Makes an account an admin's, which makes the account if need be, and a link to sign in with.
    pub async fn add_admin(&self, email: &EmailAddress) -> Result<(Account, HostLink), AddAdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let (mut account, _) = self.ensure_account(&mut tx, email, None, Role::Admin).await?;
        if account.disabled_at.is_some() {
            return Err(AddAdminError::AccountDisabled(account.email));
        }
        if account.role != Role::Admin {
            tx.set_account_role(account.id, Role::Admin, now).await?;
            let event = AccountEvent::RoleChanged { from: account.role, to: Role::Admin };
            self.service.record(&mut tx, now, self.actor, event.of(account.id)).await?;
            account.role = Role::Admin;
        }
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        Ok((account, link))
    }

    /// Makes a one-time link to sign in with, for an account that exists.
    pub async fn sign_in_link(&self, email: &EmailAddress) -> Result<HostLink, SignInLinkError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| SignInLinkError::AccountNotFound(email.clone()))?;
        if account.disabled_at.is_some() {
            return Err(SignInLinkError::AccountDisabled(account.email));
        }
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        Ok(link)
    }
}
