//! Signed-in sessions, found by the hash of the cookie's value.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, SessionId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, accounts::AccountRow, methods},
};

/// A session to insert.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Its id, which lists show.
    pub id: SessionId,
    /// SHA-256 of the cookie's value.
    pub token_hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// 1 for a mail link, 2 with a second factor.
    pub assurance: u8,
    /// The browser in words.
    pub agent: &'a str,
    /// The network it came from, coarse.
    pub network: &'a str,
    /// Now.
    pub now: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id, which lists show.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// 1 for a mail link, 2 with a second factor.
    pub assurance: u8,
    /// The browser in words.
    pub agent: String,
    /// The network it came from, coarse.
    pub network: String,
    /// When it was opened.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
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

methods! {
    sessions:
    read {
        /// The session whose cookie has this hash, ended or not.
        find_session(token_hash: &[u8; 32]) -> Option<SessionRow>;
        /// The same with its account.
        find_session_with_account(token_hash: &[u8; 32]) -> Option<(SessionRow, Account)>;
        /// An account's sessions, the latest used first.
        list_sessions_of(account: AccountId) -> Vec<SessionRow>;
    }
    write {
        /// Opens a session.
        insert_session(new: &NewSession<'_>) -> ();
        /// Notes when sessions were last used, each at most forward in time.
        note_sessions_seen(seen: &[(SessionId, Timestamp)]) -> ();
        /// Ends one of an account's sessions. `false` if it has no such session.
        delete_session(account: AccountId, id: SessionId) -> bool;
        /// Ends all of an account's sessions.
        delete_sessions_of(account: AccountId) -> u64;
        /// Removes sessions that ended before `instant`.
        delete_sessions_before(instant: Timestamp) -> u64;
    }
}
