//! Mails waiting to be sent.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, MailId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    pub id: MailId,
    /// A fixed word for the kind of mail.
    pub kind: &'a str,
    pub recipient: &'a EmailAddress,
    /// The account that it is for. `None` is the one that has the address, if there is any.
    pub account: Option<AccountId>,
    /// The encrypted subject and bodies.
    pub payload: &'a [u8],
    /// When the mail is queued and first due.
    pub now: Timestamp,
    /// When it is too late to send the mail.
    pub expires_at: Timestamp,
    /// Only one mail can have this key.
    pub dedupe_key: Option<&'a str>,
}

/// A mail that only the worker that claimed it may send until the lease ends.
#[derive(Clone, Debug)]
pub struct LeasedMail {
    pub id: MailId,
    pub kind: String,
    pub recipient: EmailAddress,
    /// The encrypted subject and bodies.
    pub payload: Vec<u8>,
    /// The number of attempts, including this one.
    pub attempts: u32,
    /// When it is too late to send the mail.
    pub expires_at: Timestamp,
    /// When the mail was queued.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct MailRow {
    id: Uuid,
    kind: String,
    recipient: String,
    payload: Option<Vec<u8>>,
    attempts: i64,
    expires_at: i64,
    created_at: i64,
}

impl TryFrom<MailRow> for LeasedMail {
    type Error = StoreError;

    fn try_from(row: MailRow) -> Result<Self> {
        let origin = Origin::new("outbox", row.id);
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            recipient: origin.email(&row.recipient)?,
            payload: row.payload.ok_or_else(|| origin.corrupt("a waiting mail has no payload"))?,
            attempts: origin.count(row.attempts)?,
            expires_at: Timestamp::from_unix_micros(row.expires_at),
            created_at: Timestamp::from_unix_micros(row.created_at),
        })
    }
}
