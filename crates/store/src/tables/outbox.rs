//! Mails that wait to be sent.

use latchkey_licensing::{email::EmailAddress, ids::MailId, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

/// A mail to queue.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// Its id.
    pub id: MailId,
    /// What it is about, a fixed word.
    pub kind: &'a str,
    /// Who gets it.
    pub recipient: &'a EmailAddress,
    /// Subject and bodies, encrypted.
    pub payload: &'a [u8],
    /// Now, which is also when it is first due.
    pub now: Timestamp,
    /// When there is no more sense in sending it.
    pub expires_at: Timestamp,
}

/// A mail that this worker alone holds until its lease ends.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    /// Its id.
    pub id: MailId,
    /// What it is about.
    pub kind: String,
    /// Who gets it.
    pub recipient: EmailAddress,
    /// Subject and bodies, encrypted.
    pub payload: Vec<u8>,
    /// How many tries there were, this one included.
    pub attempts: u32,
    /// When there is no more sense in sending it.
    pub expires_at: Timestamp,
    /// When it was queued.
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

impl TryFrom<MailRow> for ClaimedMail {
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

methods! {
    outbox:
    read {
        /// When the next mail is due, if one waits.
        next_mail_due_at() -> Option<Timestamp>;
    }
    write {
        /// Queues a mail.
        insert_mail(mail: &NewMail<'_>) -> ();
        /// Takes the mail that is due longest and keeps it from others until `leased_until`.
        claim_mail(now: Timestamp, leased_until: Timestamp) -> Option<ClaimedMail>;
        /// Notes that a mail was sent, and erases it. `false` if it was given up.
        set_mail_sent(id: MailId, now: Timestamp) -> bool;
        /// Puts a mail back for another try at `at`. `false` if it was sent.
        set_mail_retry(id: MailId, at: Timestamp, error: &str) -> bool;
        /// Gives a mail up, and erases it. `false` if it was sent.
        set_mail_failed(id: MailId, now: Timestamp, error: &str) -> bool;
        /// Removes mails that were sent or given up before `instant`.
        delete_mails_before(instant: Timestamp) -> u64;
    }
}
