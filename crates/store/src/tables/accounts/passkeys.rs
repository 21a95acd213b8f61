//! Passkeys and the ceremonies in which they are created and used.

use latchkey_licensing::{
    ids::{AccountId, CeremonyId, PasskeyId, SessionId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// A passkey of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    pub id: PasskeyId,
    pub account: AccountId,
    /// The id by which authenticators know it.
    pub credential_id: Vec<u8>,
    /// The public key and what else is needed to verify signatures, as JSON.
    pub credential: String,
    /// The authenticator's counter of signatures. 0 if it does not count.
    pub sign_count: u32,
    /// The name that its owner gave it.
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct PasskeyColumns {
    id: Uuid,
    account_id: Uuid,
    credential_id: Vec<u8>,
    credential: String,
    sign_count: i64,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl TryFrom<PasskeyColumns> for PasskeyRow {
    type Error = StoreError;

    fn try_from(row: PasskeyColumns) -> Result<Self> {
        let origin = Origin::new("passkeys", row.id);
        Ok(Self {
            id: row.id.into(),
            account: row.account_id.into(),
            credential_id: row.credential_id,
            credential: row.credential,
            sign_count: origin.count(row.sign_count)?,
            name: row.name,
            created_at: Timestamp::from_unix_micros(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_unix_micros),
        })
    }
}

/// Who a ceremony belongs to, and what it is for. It can be finished for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CeremonyBinding {
    /// Creates a passkey of this account, in this session.
    Enroll(AccountId, SessionId),
    /// Presents a passkey of this account as the second factor of this session.
    Confirm(AccountId, SessionId),
    /// Signs in. The value is the SHA-256 of the browser's cookie.
    SignIn([u8; 32]),
}

impl CeremonyBinding {
    pub(crate) const fn purpose(self) -> &'static str {
        match self {
            Self::Enroll(..) => "enroll",
            Self::Confirm(..) => "confirm",
            Self::SignIn(_) => "sign_in",
        }
    }

    pub(crate) fn session(self) -> Option<(AccountId, SessionId)> {
        match self {
            Self::Enroll(account, session) | Self::Confirm(account, session) => Some((account, session)),
            Self::SignIn(_) => None,
        }
    }

    pub(crate) fn browser(&self) -> Option<&[u8; 32]> {
        match self {
            Self::SignIn(browser) => Some(browser),
            Self::Enroll(..) | Self::Confirm(..) => None,
        }
    }
}

/// A ceremony that an authenticator has yet to finish.
#[derive(Clone, Copy, Debug)]
pub struct NewCeremony<'a> {
    pub id: CeremonyId,
    pub binding: CeremonyBinding,
    /// The challenge and what else is needed to verify the response, as JSON.
    pub state: &'a str,
    pub expires_at: Timestamp,
}
