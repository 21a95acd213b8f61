//! Accounts.

pub(crate) mod email_changes;
pub(crate) mod passkeys;
pub(crate) mod sessions;
pub(crate) mod sign_in_requests;

use latchkey_licensing::{
    account::{Account, Role},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
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
