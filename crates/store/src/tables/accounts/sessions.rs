//! Sessions.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, SessionId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, accounts::AccountRow},
};

#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The id that is shown in lists. It does not identify the session to the server.
    pub id: SessionId,
    /// The SHA-256 of the cookie's value.
    pub token_hash: [u8; 32],
    pub account: AccountId,
    /// 1 for an e-mailed link or code, 2 with a second factor.
    pub assurance: u8,
    /// A description of the browser.
    pub agent: &'a str,
    /// The network from which the session was opened, such as `192.0.2.0/24`.
    pub network: &'a str,
    pub now: Timestamp,
    /// When the session expires, even if it is in use.
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The id that is shown in lists. It does not identify the session to the server.
    pub id: SessionId,
    pub account: AccountId,
    /// 1 for an e-mailed link or code, 2 with a second factor.
    pub assurance: u8,
    /// A description of the browser.
    pub agent: String,
    /// The network from which the session was opened, such as `192.0.2.0/24`.
    pub network: String,
    pub authenticated_at: Timestamp,
    /// When the session was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When the session expires, even if it is in use.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct SessionColumns {
    id: Uuid,
    account_id: Uuid,
    assurance: i64,
    agent: String,
    network: String,
    authenticated_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

impl TryFrom<SessionColumns> for SessionRow {
    type Error = StoreError;

    fn try_from(row: SessionColumns) -> Result<Self> {
        let origin = Origin::new("sessions", row.id);
        Ok(Self {
            id: row.id.into(),
            account: row.account_id.into(),
            assurance: u8::try_from(row.assurance).map_err(|_| origin.corrupt("unknown assurance"))?,
            agent: row.agent,
            network: row.network,
            authenticated_at: Timestamp::from_unix_micros(row.authenticated_at),
            last_seen_at: Timestamp::from_unix_micros(row.last_seen_at),
            expires_at: Timestamp::from_unix_micros(row.expires_at),
        })
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
        Ok((session.try_into()?, account.try_into()?))
    }
}
