//! Creating accounts.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::AccountId,
    text::in_line,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::event::{AccountEvent, AuditEvent, CreatedRole},
    error::Internal,
    identity::actors::Admin,
    service::Service,
};

impl Service {
    pub(crate) fn new_account(
        &self,
        email: &EmailAddress,
        name: Option<String>,
        role: Role,
        now: Timestamp,
    ) -> Result<Account, Internal> {
        let id = AccountId::new(now, self.random()?);
        let name = name.map(|name| in_line(&name).into_owned());
        Ok(Account { id, email: email.clone(), name, role, disabled_at: None, created_at: now })
    }
}

impl Admin<'_> {
    /// The account with this address, and whether it is new: it is created in this transaction if there is none.
    pub(crate) async fn find_or_create_account(
        &self,
        tx: &mut Tx,
        email: &EmailAddress,
        name: Option<String>,
        role: Role,
    ) -> Result<(Account, bool), Internal> {
        let now = self.service.now();
        let account = self.service.new_account(email, name, role, now)?;
        if tx.insert_account(&account).await? {
            self.service.record(tx, now, self.actor, account_created(&account)).await?;
            return Ok((account, true));
        }
        let found = tx.find_account_by_email(email).await?;
        Ok((found.ok_or(Internal::Invariant("an address is taken, but by no account"))?, false))
    }
}

/// The event of creating an account.
pub(crate) fn account_created(account: &Account) -> AuditEvent {
    AccountEvent::Created { role: Some(CreatedRole(account.role)) }.of(account.id)
}
