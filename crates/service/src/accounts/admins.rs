//! Adding admins, and sign-in links that are created on the host.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
};

use crate::{
    actors::{Admin, Fresh},
    audit::event::AccountEvent,
    error::{Internal, internal_errors},
    sign_in::secrets::HostLink,
};

/// Why no admin was added.
#[derive(Debug, thiserror::Error)]
pub enum AddAdminError {
    /// The account with this address is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(EmailAddress),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why no sign-in link was created.
#[derive(Debug, thiserror::Error)]
pub enum SignInLinkError {
    /// There is no account with this address.
    #[error("there is no account with the address {0}")]
    AccountNotFound(EmailAddress),
    /// The account with this address is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(EmailAddress),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AddAdminError, SignInLinkError);

impl Admin<'_> {
    /// Gives an account the role of an admin, creating the account if there is none, and creates a sign-in link.
    pub async fn add_admin(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<(Account, HostLink), AddAdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let (mut account, _) = self.find_or_create_account(&mut tx, email, None, Role::Admin).await?;
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

    /// Creates a one-time sign-in link for an existing account.
    pub async fn sign_in_link(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<HostLink, SignInLinkError> {
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
