//! The use cases on one database, and what an operator sets about them.

pub(crate) mod catalog_cache;
pub(crate) mod keyring;
pub(crate) mod resources;
pub(crate) mod write_behind;

use std::{
    ops::Deref,
    sync::{Arc, RwLock},
};

use latchkey_licensing::{brand::Brand, ids::LicenseId, portal_paths, time::Timestamp};
use latchkey_store::Store;
use tokio::sync::Notify;

use crate::{
    error::{Internal, internal_errors},
    ports::{Clock, Entropy},
    rate_limit::{leases::Leases, limits::ApiLimits},
    service::{catalog_cache::CatalogCache, keyring::Keyring, resources::Resources, write_behind::WriteBehind},
    signing::first_key::{self, AdoptError},
    startup::claim::ClaimError,
    vault::Vault,
};

/// What an operator sets about the use cases.
#[derive(Clone, Debug)]
pub struct Options {
    /// The origin of the portal, without a trailing slash; links in mail start with it.
    pub portal_url: String,
    /// Whether a confirmed sign-in of an unknown address makes an account.
    pub allow_signup: bool,
    /// How many mails may leave in an hour.
    pub hourly_mail_budget: u32,
    /// Whose licenses these are, as mail says it.
    pub brand: Brand,
    /// How fast apps may ask.
    pub api_limits: ApiLimits,
}

/// Why there are no use cases on a database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It belongs to another master secret.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The signing key that was given is not one of its keys.
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(OpenError);

/// The use cases on one database. Clones share everything.
#[derive(Clone, Debug)]
pub struct Service(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) resources: Resources,
    pub(crate) options: Options,
    pub(crate) mail_queued: Notify,
    pub(crate) catalog: CatalogCache,
    pub(crate) leases: Leases,
    pub(crate) write_behind: WriteBehind,
    pub(crate) keyring: RwLock<Arc<Keyring>>,
}

impl Deref for Inner {
    type Target = Resources;

    fn deref(&self) -> &Resources {
        &self.resources
    }
}

impl Service {
    /// The use cases on a migrated database. A new one is claimed for the vault's master secret, and gets
    /// `given_key` or a new key to sign with; one that has keys must know `given_key`.
    pub async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        vault: Vault,
        options: Options,
        given_key: Option<&[u8; 32]>,
    ) -> Result<Self, OpenError> {
        let resources = Resources { store, clock, entropy, vault };
        resources.claim_database().await?;
        if let Some(seed) = given_key {
            resources.adopt_signing_key(seed).await?;
        }
        let keyring = first_key::read_keyring(&resources).await?;
        Ok(Self(Arc::new(Inner {
            resources,
            options,
            mail_queued: Notify::new(),
            catalog: CatalogCache::default(),
            leases: Leases::default(),
            write_behind: WriteBehind::default(),
            keyring: RwLock::new(keyring),
        })))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// The key that signs cookies which the browser keeps for the server.
    pub fn cookie_signing_key(&self) -> &[u8; 64] {
        self.0.vault.cookie_signing()
    }

    /// Whose licenses these are.
    pub fn brand(&self) -> &Brand {
        &self.0.options.brand
    }

    /// The page of the portal that shows a license.
    pub fn license_page(&self, license: LicenseId) -> String {
        format!("{}{}", self.0.options.portal_url, portal_paths::license(license))
    }

    /// A UUID version 7 for what is kept nowhere, such as an answer.
    pub fn new_id(&self) -> Result<uuid::Uuid, Internal> {
        Ok(latchkey_licensing::ids::AuditId::new(self.now(), self.random()?).uuid())
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Internal> {
        self.0.resources.random()
    }
}
