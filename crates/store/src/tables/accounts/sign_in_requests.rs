//! Sign-in requests.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, SignInRequestId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// Where a sign-in request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRequestKind {
    /// In a browser, to which it is bound.
    Browser,
    /// With a command on the host.
    Host,
}

impl SignInRequestKind {
    /// The stored form.
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

#[derive(Clone, Debug)]
pub struct NewSignInRequest<'a> {
    pub id: SignInRequestId,
    pub kind: SignInRequestKind,
    /// The account, if the address has one.
    pub account: Option<AccountId>,
    pub email: &'a EmailAddress,
    /// The SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// The keyed hash of the code.
    pub code_hash: Option<[u8; 32]>,
    /// The SHA-256 of the requesting browser's cookie.
    pub browser_hash: Option<[u8; 32]>,
    /// Where to go after signing in.
    pub next_path: Option<&'a str>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A sign-in request, whatever became of it.
#[derive(Clone, Debug)]
pub struct StoredSignInRequest {
    pub id: SignInRequestId,
    pub kind: SignInRequestKind,
    /// The account, if the address had one when the request was made.
    pub account: Option<AccountId>,
    pub email: EmailAddress,
    /// The SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// The keyed hash of the code.
    pub code_hash: Option<[u8; 32]>,
    /// The SHA-256 of the requesting browser's cookie.
    pub browser_hash: Option<[u8; 32]>,
    /// Where to go after signing in.
    pub next_path: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub superseded_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct SignInRequestRow {
    id: Uuid,
    kind: String,
    account_id: Option<Uuid>,
    email: String,
    token_hash: Vec<u8>,
    code_hash: Option<Vec<u8>>,
    browser_hash: Option<Vec<u8>>,
    next_path: Option<String>,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    superseded_at: Option<i64>,
}

impl TryFrom<SignInRequestRow> for StoredSignInRequest {
    type Error = StoreError;

    fn try_from(row: SignInRequestRow) -> Result<Self> {
        let origin = Origin::new("sign_in_requests", row.id);
        Ok(Self {
            id: row.id.into(),
            kind: SignInRequestKind::parse(&row.kind).ok_or_else(|| origin.corrupt("unknown kind"))?,
            account: row.account_id.map(AccountId::from),
            email: origin.email(&row.email)?,
            token_hash: origin.bytes32(&row.token_hash)?,
            code_hash: row.code_hash.map(|code| origin.bytes32(&code)).transpose()?,
            browser_hash: row.browser_hash.map(|browser| origin.bytes32(&browser)).transpose()?,
            next_path: row.next_path,
            created_at: Timestamp::from_unix_micros(row.created_at),
            expires_at: Timestamp::from_unix_micros(row.expires_at),
            used_at: row.used_at.map(Timestamp::from_unix_micros),
            superseded_at: row.superseded_at.map(Timestamp::from_unix_micros),
        })
    }
}
