//! Accounts: people who can sign in.

pub(crate) mod login_requests;
pub(crate) mod sessions;

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::AccountId,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) role: String,
    pub(crate) disabled_at: Option<i64>,
    pub(crate) created_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self> {
        let origin = Origin::new("accounts", row.id);
        Ok(Self {
            id: row.id.into(),
            email: origin.email(&row.email)?,
            name: row.name,
            role: Role::parse(&row.role).ok_or_else(|| origin.corrupt("unknown role"))?,
            disabled_at: row.disabled_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(row.created_at),
        })
    }
}

methods! {
    accounts:
    read {
        find_account(id: AccountId) -> Option<Account>;
        find_account_by_email(email: &EmailAddress) -> Option<Account>;
        /// The account with this id, which must be there.
        get_account(id: AccountId) -> Account;
        /// The accounts with these ids.
        list_accounts(accounts: &[AccountId]) -> Vec<Account>;
        /// How many accounts there are.
        count_accounts() -> i64;
    }
    write {
        /// `false` if the address is taken.
        insert_account(account: &Account) -> bool;
        set_account_name(id: AccountId, name: Option<&str>, now: Timestamp) -> ();
        set_account_role(id: AccountId, role: Role, now: Timestamp) -> ();
        /// Disables an account, or enables it with `None`.
        set_account_disabled(id: AccountId, disabled_at: Option<Timestamp>, now: Timestamp) -> ();
    }
}
