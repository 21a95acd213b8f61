//! Support agents and admins: adding, listing, resetting and removing them, and sign-in links that are created on the host.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
};
use latchkey_store::Tx;

use crate::{
    audit::{actor::Actor, event::AccountEvent},
    error::{Internal, internal_errors},
    identity::{
        actors::{Admin, Fresh, Support},
        sign_in::secrets::HostLink,
    },
    mail::{messages::account::RoleGivenMail, notify::Notify, reasons::GivenRole},
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

/// Why a support agent or admin was not reset or removed.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// There is no support agent or admin with this address.
    #[error("there is no support agent or admin with the address {0}")]
    NotStaff(EmailAddress),
    /// The account with this address is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(EmailAddress),
    /// The last admin can only be removed on the host.
    #[error("this is the last admin")]
    LastAdmin,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// A role that may see other people's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffRole {
    /// A support agent.
    Support,
    /// An admin.
    Admin,
}

impl From<StaffRole> for Role {
    fn from(role: StaffRole) -> Self {
        match role {
            StaffRole::Support => Self::Support,
            StaffRole::Admin => Self::Admin,
        }
    }
}

internal_errors!(AddAdminError, SignInLinkError, StaffError);

impl Admin<'_> {
    /// Gives an account the role of an admin, creating the account if there is none, and creates a sign-in link.
    pub async fn add_admin(&self, email: &EmailAddress, fresh: &Fresh) -> Result<(Account, HostLink), AddAdminError> {
        self.add_staff(email, StaffRole::Admin, fresh).await
    }

    /// Gives an account a role, creating the account if there is none, and creates a sign-in link. If the role changes, the
    /// account's sessions end (ML-16, SU-10), and the person gets a mail about it (ML-21).
    pub async fn add_staff(
        &self,
        email: &EmailAddress,
        role: StaffRole,
        fresh: &Fresh,
    ) -> Result<(Account, HostLink), AddAdminError> {
        self.add_staff_and_notify(email, role, Notify::Customer, fresh).await
    }

    /// The same, with or without the mail.
    pub(crate) async fn add_staff_and_notify(
        &self,
        email: &EmailAddress,
        role: StaffRole,
        notify: Notify,
        _fresh: &Fresh,
    ) -> Result<(Account, HostLink), AddAdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let (mut account, is_new) = self.find_or_create_account(&mut tx, email, None, role.into()).await?;
        if !account.is_in_use() {
            return Err(AddAdminError::AccountDisabled(account.email));
        }
        let is_changed = self.change_role(&mut tx, &mut account, role.into()).await?;
        if (is_new || is_changed) && notify == Notify::Customer {
            let role = match role {
                StaffRole::Support => GivenRole::Support,
                StaffRole::Admin => GivenRole::Admin,
            };
            self.service.mail_customer(&mut tx, &account, &RoleGivenMail { role, at: now }, None).await?;
        }
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok((account, link))
    }

    /// Creates a one-time sign-in link for an existing account.
    pub async fn sign_in_link(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<HostLink, SignInLinkError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| SignInLinkError::AccountNotFound(email.clone()))?;
        if !account.is_in_use() {
            return Err(SignInLinkError::AccountDisabled(account.email));
        }
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// Removes all passkeys and recovery codes of a support agent or admin, ends the sessions, and creates a link with which
    /// the person can sign in and create a new passkey.
    pub async fn reset_staff(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<(Account, HostLink), StaffError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = find_staff(&mut tx, email).await?;
        if !account.is_in_use() {
            return Err(StaffError::AccountDisabled(account.email));
        }
        tx.lock_account(account.id).await?;
        tx.delete_passkeys_of(account.id).await?;
        tx.delete_recovery_codes_of(account.id).await?;
        tx.delete_sessions_of(account.id).await?;
        self.service.record(&mut tx, now, self.actor, AccountEvent::PasskeysReset.of(account.id)).await?;
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        Ok((account, link))
    }

    /// Makes a support agent or admin a customer again. The account's sessions end (SU-10).
    pub async fn remove_staff(&self, email: &EmailAddress, _fresh: &Fresh) -> Result<Account, StaffError> {
        let mut tx = self.service.store().write().await?;
        // Two admins cannot remove each other at the same time.
        tx.lock_instance().await?;
        let mut account = find_staff(&mut tx, email).await?;
        let is_last = account.role == Role::Admin && tx.count_enabled_admins().await? <= 1;
        if is_last && self.actor != Actor::Host {
            return Err(StaffError::LastAdmin);
        }
        self.change_role(&mut tx, &mut account, Role::Customer).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Returns whether the role changed.
    async fn change_role(&self, tx: &mut Tx, account: &mut Account, role: Role) -> Result<bool, Internal> {
        if account.role == role {
            return Ok(false);
        }
        let now = self.service.now();
        tx.set_account_role(account.id, role, now).await?;
        tx.delete_sessions_of(account.id).await?;
        let event = AccountEvent::RoleChanged { from: account.role, to: role };
        self.service.record(tx, now, self.actor, event.of(account.id)).await?;
        account.role = role;
        Ok(true)
    }
}

impl Support<'_> {
    /// Support agents and admins, the oldest first.
    pub async fn list_staff(&self) -> Result<Vec<Account>, Internal> {
        Ok(self.service.store().read_without_snapshot().await?.list_staff().await?)
    }
}

async fn find_staff(tx: &mut Tx, email: &EmailAddress) -> Result<Account, StaffError> {
    let account = tx.find_account_by_email(email).await?.filter(|account| account.role != Role::Customer);
    account.ok_or_else(|| StaffError::NotStaff(email.clone()))
}
