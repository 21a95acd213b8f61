//! The list of accounts.

use latchkey_licensing::{
    account::{Account, Role},
    ids::AccountId,
    time::Timestamp,
};

use super::{TimeRange, keyset::Position};
use crate::{
    error::{Result, StoreError},
    tables::{Origin, accounts::AccountRow},
};

/// Which accounts to list. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only these. `None` is all.
    pub ids: Option<Vec<AccountId>>,
    /// What the address or the name begins with, ignoring case.
    pub text: Option<String>,
    pub role: Option<Role>,
    pub is_banned: Option<bool>,
    pub has_licenses: Option<bool>,
    pub created: TimeRange,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountSort {
    #[default]
    Newest,
    Oldest,
    Email,
    Name,
}

/// An account with what a list shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    pub account: Account,
    /// The number of licenses that it owns.
    pub licenses: u32,
    /// The number of machines on which they are active.
    pub machines: u32,
    /// When any of these was last seen.
    pub last_seen_at: Option<Timestamp>,
    name_key: String,
}

impl ListedAccount {
    pub(crate) fn position(&self, sort: AccountSort) -> Position {
        let id = self.account.id.uuid();
        match sort {
            AccountSort::Newest | AccountSort::Oldest => Position::of_number(self.account.created_at.unix_micros(), id),
            AccountSort::Email => Position::of_text(self.account.email.as_str(), id),
            AccountSort::Name => Position::of_text(&self.name_key, id),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ListedAccountRow {
    #[sqlx(flatten)]
    account: AccountRow,
    name_key: String,
    licenses: i64,
    machines: i64,
    last_seen_at: Option<i64>,
}

impl TryFrom<ListedAccountRow> for ListedAccount {
    type Error = StoreError;

    fn try_from(row: ListedAccountRow) -> Result<Self> {
        let origin = Origin::new("accounts", row.account.id);
        Ok(Self {
            licenses: origin.count(row.licenses)?,
            machines: origin.count(row.machines)?,
            last_seen_at: row.last_seen_at.map(Timestamp::from_unix_micros),
            name_key: row.name_key,
            account: row.account.try_into()?,
        })
    }
}
