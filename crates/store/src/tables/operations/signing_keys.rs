//! Signing keys: one is active, its predecessors verify until they are retired, and one may be waiting.

use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

/// A signing key with its private part encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRow {
    pub id: SigningKeyId,
    pub public_key: [u8; 32],
    /// The encrypted private part.
    pub seed_ciphertext: Vec<u8>,
    pub created_at: Timestamp,
    /// When it began to sign. `None` while it is waiting.
    pub activated_at: Option<Timestamp>,
    /// When its successor became active.
    pub replaced_at: Option<Timestamp>,
    /// When it stopped verifying.
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
            public_key: origin.hash(&row.public_key)?,
            seed_ciphertext: row.seed_ciphertext,
            created_at: Timestamp::from_unix_micros(row.created_at),
            activated_at: row.activated_at.map(Timestamp::from_unix_micros),
            replaced_at: row.replaced_at.map(Timestamp::from_unix_micros),
            retired_at: row.retired_at.map(Timestamp::from_unix_micros),
            files_until: row.files_until.map(Timestamp::from_unix_micros),
        })
    }
}

methods! {
    signing_keys:
    read {
        /// All signing keys, oldest first.
        list_signing_keys() -> Vec<SigningKeyRow>;
    }
    write {
        insert_signing_key(key: &SigningKeyRow) -> ();
        /// Makes a waiting key sign from `now`.
        set_signing_key_activated(id: SigningKeyId, now: Timestamp) -> ();
        /// Makes a key stop signing. It still verifies.
        set_signing_key_replaced(id: SigningKeyId, now: Timestamp) -> ();
        /// Makes a key stop verifying.
        set_signing_key_retired(id: SigningKeyId, now: Timestamp) -> ();
        /// Keeps a key active until the transaction ends. `false` if it is not active.
        lock_signer(id: SigningKeyId) -> bool;
        /// Records that a file signed with the key is valid until `until`.
        extend_signing_key_use(id: SigningKeyId, until: Timestamp) -> ();
    }
}
