//! Before the first request: opening the database, claiming a new one, and installing the demo.

pub(crate) mod claim;
pub(crate) mod demo;

use latchkey_store::Store;

use crate::{
    error::{Internal, internal_errors},
    operation::{
        signing::first_key::{self, AdoptError},
        startup::claim::ClaimError,
        vault::Vault,
    },
    ports::Ports,
    service::{Options, Service, resources::Resources},
};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was created with another master secret.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The given signing key is not one of its keys.
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(OpenError);

impl Service {
    /// Opens a migrated database. A new one is claimed for the vault's master secret and gets a signing key:
    /// `given_key`, the 32-byte seed of an Ed25519 key, or a new one. If it has signing keys already, `given_key`
    /// must be one of them.
    pub async fn open(
        store: Store,
        ports: Ports,
        vault: Vault,
        options: Options,
        given_key: Option<&[u8; 32]>,
    ) -> Result<Self, OpenError> {
        let Ports { clock, entropy, payments } = ports;
        let resources = Resources { store, clock, entropy, vault };
        resources.claim_database().await?;
        if let Some(seed) = given_key {
            resources.adopt_signing_key(seed).await?;
        }
        let keyring = first_key::read_keyring(&resources).await?;
        Ok(Self::new(resources, options, payments, keyring))
    }
}
