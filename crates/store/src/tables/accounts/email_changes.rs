//! Changes of e-mail addresses.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, EmailChangeId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// One of the two addresses that confirm a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChangeSide {
    /// The address that the account has until then.
    Old,
    /// The address that it gets.
    New,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChangeRow {
    pub id: EmailChangeId,
    pub account: AccountId,
    pub old_email: EmailAddress,
    pub new_email: EmailAddress,
    /// The SHA-256 of the token that was mailed to the old address.
    pub old_token_hash: [u8; 32],
    /// The SHA-256 of the token that was mailed to the new address.
    pub new_token_hash: [u8; 32],
    pub old_confirmed_at: Option<Timestamp>,
    pub new_confirmed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When the account got the new address.
    pub done_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct EmailChangeColumns {
    id: Uuid,
    account_id: Uuid,
    old_email: String,
    new_email: String,
    old_token_hash: Vec<u8>,
    new_token_hash: Vec<u8>,
    old_confirmed_at: Option<i64>,
    new_confirmed_at: Option<i64>,
    created_at: i64,
    expires_at: i64,
    done_at: Option<i64>,
    canceled_at: Option<i64>,
}

impl TryFrom<EmailChangeColumns> for EmailChangeRow {
    type Error = StoreError;

    fn try_from(row: EmailChangeColumns) -> Result<Self> {
        let origin = Origin::new("email_changes", row.id);
        Ok(Self {
            id: row.id.into(),
            account: row.account_id.into(),
            old_email: origin.email(&row.old_email)?,
            new_email: origin.email(&row.new_email)?,
            old_token_hash: origin.bytes32(&row.old_token_hash)?,
            new_token_hash: origin.bytes32(&row.new_token_hash)?,
            old_confirmed_at: row.old_confirmed_at.map(Timestamp::from_unix_micros),
            new_confirmed_at: row.new_confirmed_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(row.created_at),
            expires_at: Timestamp::from_unix_micros(row.expires_at),
            done_at: row.done_at.map(Timestamp::from_unix_micros),
            canceled_at: row.canceled_at.map(Timestamp::from_unix_micros),
        })
    }
}
