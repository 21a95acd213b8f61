//! The list of mails. Their contents are not part of it.

use latchkey_licensing::{email::EmailAddress, ids::MailId, time::Timestamp};
use uuid::Uuid;

use super::{TimeRange, keyset::Position};
use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It waits to be sent.
    Waiting,
    /// The mail server accepted it.
    Sent,
    /// It was given up.
    Failed,
}

impl MailState {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Which mails to list. The default is all that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// What the recipient's address begins with, ignoring case.
    pub text: Option<String>,
    pub state: Option<MailState>,
    /// The stored word for the kind of mail.
    pub kind: Option<String>,
    pub created: TimeRange,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailSort {
    #[default]
    Newest,
    Oldest,
}

/// A mail without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMail {
    pub id: MailId,
    /// The stored word for the kind of mail.
    pub kind: String,
    pub recipient: EmailAddress,
    pub state: MailState,
    pub attempts: u32,
    /// When it is due, if it waits.
    pub next_attempt_at: Timestamp,
    /// When it is too late to send it.
    pub expires_at: Timestamp,
    /// When it was sent or given up.
    pub done_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
}

impl ListedMail {
    pub(crate) fn position(&self) -> Position {
        Position::of_id(self.id.uuid())
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ListedMailRow {
    id: Uuid,
    kind: String,
    recipient: String,
    attempts: i64,
    next_attempt_at: i64,
    expires_at: i64,
    sent_at: Option<i64>,
    failed_at: Option<i64>,
    last_error: Option<String>,
    created_at: i64,
}

impl TryFrom<ListedMailRow> for ListedMail {
    type Error = StoreError;

    fn try_from(row: ListedMailRow) -> Result<Self> {
        let origin = Origin::new("outbox", row.id);
        let state = match (row.sent_at, row.failed_at) {
            (None, None) => MailState::Waiting,
            (Some(_), _) => MailState::Sent,
            (None, Some(_)) => MailState::Failed,
        };
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            recipient: origin.email(&row.recipient)?,
            state,
            attempts: origin.count(row.attempts)?,
            next_attempt_at: Timestamp::from_unix_micros(row.next_attempt_at),
            expires_at: Timestamp::from_unix_micros(row.expires_at),
            done_at: row.sent_at.or(row.failed_at).map(Timestamp::from_unix_micros),
            last_error: row.last_error,
            created_at: Timestamp::from_unix_micros(row.created_at),
        })
    }
}
