//! Sessions.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, SessionId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{error::Result, tables::accounts::AccountRow};

#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The id that is shown in lists. It does not identify the session to the server.
    pub id: SessionId,
    /// The SHA-256 of the cookie's value.
    pub token_hash: [u8; 32],
    pub account: AccountId,
    /// A description of the browser.
    pub agent: &'a str,
    /// The network from which the session was opened, such as `192.0.2.0/24`.
    pub network: &'a str,
    pub now: Timestamp,
    /// When the session expires, even if it is in use.
    pub expires_at: Timestamp,
    /// When the second factor was presented.
    pub second_factor_at: Option<Timestamp>,
    /// Until when the session may enroll the first passkey of a support agent or admin.
    pub may_enroll_until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The id that is shown in lists. It does not identify the session to the server.
    pub id: SessionId,
    pub account: AccountId,
    /// A description of the browser.
    pub agent: String,
    /// The network from which the session was opened, such as `192.0.2.0/24`.
    pub network: String,
    pub authenticated_at: Timestamp,
    /// When the session was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When the session expires, even if it is in use.
    pub expires_at: Timestamp,
    /// When the second factor was presented.
    pub second_factor_at: Option<Timestamp>,
    /// Until when the session may enroll the first passkey of a support agent or admin.
    pub may_enroll_until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct SessionColumns {
    id: Uuid,
    account_id: Uuid,
    agent: String,
    network: String,
    authenticated_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    second_factor_at: Option<i64>,
    may_enroll_until: Option<i64>,
}

impl From<SessionColumns> for SessionRow {
    fn from(row: SessionColumns) -> Self {
        Self {
            id: row.id.into(),
            account: row.account_id.into(),
            agent: row.agent,
            network: row.network,
            authenticated_at: Timestamp::from_unix_micros(row.authenticated_at),
            last_seen_at: Timestamp::from_unix_micros(row.last_seen_at),
            expires_at: Timestamp::from_unix_micros(row.expires_at),
            second_factor_at: row.second_factor_at.map(Timestamp::from_unix_micros),
            may_enroll_until: row.may_enroll_until.map(Timestamp::from_unix_micros),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct SessionWithAccountRow {
    #[sqlx(flatten)]
    session: SessionColumns,
    email: String,
    name: Option<String>,
    role: String,
    disabled_at: Option<i64>,
    created_at: i64,
}

impl SessionWithAccountRow {
    pub(crate) fn split(self) -> Result<(SessionRow, Account)> {
        let Self { session, email, name, role, disabled_at, created_at } = self;
        let account = AccountRow { id: session.account_id, email, name, role, disabled_at, created_at };
        Ok((session.into(), account.try_into()?))
    }
}
