//! Signing keys: one signs, its predecessors verify until they are retired, one may wait.

use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

/// A key that signs, with its private part encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its id.
    pub id: SigningKeyId,
    /// The public part.
    pub public_key: [u8; 32],
    /// The private part, encrypted.
    pub seed_ciphertext: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to sign; `None` while it waits.
    pub activated_at: Option<Timestamp>,
    /// When the next one took over.
    pub replaced_at: Option<Timestamp>,
    /// When it stopped verifying.
    pub retired_at: Option<Timestamp>,
    /// Until when files that it signed are good, rounded up to a day.
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
        /// Every signing key, the oldest first.
        list_signing_keys() -> Vec<SigningKeyRow>;
    }
    write {
        /// Adds a signing key.
        insert_signing_key(key: &SigningKeyRow) -> ();
        /// Lets a waiting key sign from now on.
        set_signing_key_activated(id: SigningKeyId, now: Timestamp) -> ();
        /// Ends a key's signing; it verifies still.
        set_signing_key_replaced(id: SigningKeyId, now: Timestamp) -> ();
        /// Ends a key's verifying.
        set_signing_key_retired(id: SigningKeyId, now: Timestamp) -> ();
        /// Keeps a key signing until the transaction ends. `false` if it signs no longer, or not yet.
        lock_signer(id: SigningKeyId) -> bool;
        /// Notes until when a file is good that a key signed.
        note_signed_file(id: SigningKeyId, until: Timestamp) -> ();
    }
}
