//! Requests to sign in.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, LoginRequestId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

/// How a sign-in was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// By a browser, to which it is bound.
    Browser,
    /// By a command on the host.
    Host,
}

impl LoginKind {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Host => "host",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Browser, Self::Host].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A request to sign in, to insert.
#[derive(Clone, Debug)]
pub struct NewLoginRequest<'a> {
    /// Its id.
    pub id: LoginRequestId,
    /// How it was asked for.
    pub kind: LoginKind,
    /// The account it is for, if there is one.
    pub account: Option<AccountId>,
    /// The address it is for.
    pub email: &'a EmailAddress,
    /// SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// Keyed hash of the code.
    pub code_hash: Option<[u8; 32]>,
    /// SHA-256 of the asking browser's cookie.
    pub browser_hash: Option<[u8; 32]>,
    /// Where to go afterwards.
    pub next_path: Option<&'a str>,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An open request to sign in.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    /// Its id.
    pub id: LoginRequestId,
    /// How it was asked for.
    pub kind: LoginKind,
    /// The account it is for, if there was one when it was made.
    pub account: Option<AccountId>,
    /// The address it is for.
    pub email: EmailAddress,
    /// SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// Keyed hash of the code.
    pub code_hash: Option<[u8; 32]>,
    /// Where to go afterwards.
    pub next_path: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct LoginRow {
    id: Uuid,
    kind: String,
    account_id: Option<Uuid>,
    email: String,
    token_hash: Vec<u8>,
    code_hash: Option<Vec<u8>>,
    next_path: Option<String>,
}

impl TryFrom<LoginRow> for LoginRequest {
    type Error = StoreError;

    fn try_from(row: LoginRow) -> Result<Self> {
        let origin = Origin::new("login_requests", row.id);
        Ok(Self {
            id: row.id.into(),
            kind: LoginKind::parse(&row.kind).ok_or_else(|| origin.corrupt("unknown kind"))?,
            account: row.account_id.map(AccountId::from),
            email: origin.email(&row.email)?,
            token_hash: origin.hash(&row.token_hash)?,
            code_hash: row.code_hash.map(|code| origin.hash(&code)).transpose()?,
            next_path: row.next_path,
        })
    }
}

methods! {
    login_requests:
    read {
        /// The open request of a browser.
        find_open_login(browser_hash: &[u8; 32], now: Timestamp) -> Option<LoginRequest>;
        /// The open request that was made on the host with this token.
        find_host_login(token_hash: &[u8; 32], now: Timestamp) -> Option<LoginRequest>;
    }
    write {
        /// Adds a request to sign in.
        insert_login_request(new: &NewLoginRequest<'_>) -> ();
        /// Ends the open request of a browser that asks again.
        supersede_login_request(browser_hash: &[u8; 32], now: Timestamp) -> ();
        /// Keeps others from an address's open requests until the transaction ends.
        lock_logins_of(email: &str, now: Timestamp) -> ();
        /// Ends every open request of an address.
        supersede_logins_of(email: &str, now: Timestamp) -> ();
        /// Counts one try at a code; `None` once no try is left or the request is over.
        count_login_try(browser_hash: &[u8; 32], now: Timestamp) -> Option<LoginRequest>;
        /// Uses a request up. `true` for exactly one of any number of callers.
        use_login_request(id: LoginRequestId, now: Timestamp) -> bool;
        /// Removes requests that ended before `instant`.
        delete_login_requests_before(instant: Timestamp) -> u64;
    }
}
