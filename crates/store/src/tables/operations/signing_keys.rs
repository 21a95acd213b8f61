//! Signing keys. One is active, its predecessors verify until they are retired, and one may be waiting to replace
//! it.

use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// A signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRow {
    pub id: SigningKeyId,
    pub public_key: [u8; 32],
    /// The encrypted private part.
    pub seed_ciphertext: Vec<u8>,
    pub created_at: Timestamp,
    /// When the key began to sign. `None` while it is waiting.
    pub activated_at: Option<Timestamp>,
    /// When the key's successor became active.
    pub replaced_at: Option<Timestamp>,
    /// When the key stopped verifying.
    pub retired_at: Option<Timestamp>,
    /// When the last file signed with it expires, rounded up to a day.
    pub files_until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct KeyRow {
    id: Uuid,
    public_key: Vec<u8>,
    seed_ciphertext: Vec<u8>,
    created_at: i64,
    activated_at: Option<i64>,
    replaced_at: Option<i64>,
    retired_at: Option<i64>,
    files_until: Option<i64>,
}

impl TryFrom<KeyRow> for SigningKeyRow {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self> {
        let origin = Origin::new("signing_keys", row.id);
        Ok(Self {
            id: row.id.into(),
            public_key: origin.bytes32(&row.public_key)?,
            seed_ciphertext: row.seed_ciphertext,
            created_at: Timestamp::from_unix_micros(row.created_at),
            activated_at: row.activated_at.map(Timestamp::from_unix_micros),
            replaced_at: row.replaced_at.map(Timestamp::from_unix_micros),
            retired_at: row.retired_at.map(Timestamp::from_unix_micros),
            files_until: row.files_until.map(Timestamp::from_unix_micros),
        })
    }
}
