//! Use cases: each is one sentence that a user would say, in one transaction with its audit row.
//!
//! What a caller may do follows from the type it holds: [`Customer`] sees its own licenses,
//! [`Licensee`] is an app that showed a key, [`Admin`] decides. A customer path cannot call an
//! admin verb, because it does not compile.

mod admin;
mod air_gap;
mod api_limits;
mod audit;
mod bulk;
mod catalog;
mod catalog_file;
mod catalog_plan;
mod customer;
mod demo;
mod error;
mod facts;
mod first_use;
mod hearing;
mod keyring;
mod license_keys;
mod license_terms;
mod licensee;
mod limits;
mod machines;
mod mail;
mod outbox;
pub mod ports;
mod secrets;
mod sessions;
mod sign_in;
mod stranding;
mod upkeep;
pub mod vault;

use std::sync::{Arc, RwLock};

use latchkey_licensing::time::Timestamp;
pub use latchkey_store::{Account, Product, Role, Store, StoreError};
use tokio::sync::Notify;

pub use admin::{Admin, AdminError, CustomerRecord, IssuedLicense, Operator};
pub use air_gap::{AirGapDone, AirGapMatch, AirGapRefusal, file_days};
pub use api_limits::{ApiLimits, NotAdmitted, Pace};
pub use audit::AuditEntry;
pub use bulk::{ImportError, ImportItem, ImportReport, LicenseRow, RowRefusal};
pub use catalog::ClaimError;
pub use catalog_file::{CatalogFile, EntitlementEntry, HeartbeatEntry, PolicyEntry, ProductEntry, Span, SwapsEntry};
pub use catalog_plan::{CatalogPlan, CatalogStep};
pub use customer::{Customer, CustomerError, Freed, LicenseView};
pub use demo::Demo;
pub use error::Internal;
pub use facts::{AuthRefusal, LicenseDocument, MachineDocument};
pub use keyring::{AdoptError, KeyState, Keyring, SigningKeyInfo};
pub use license_terms::LicenseChange;
pub use licensee::{
    Apps, BeatError, CheckOut, CheckOutError, CheckOutFacts, FileSubject, FileTtl, Licensee, Page, SignedFile, UseError,
};
pub use limits::Throttled;
pub use machines::{ActivateError, NewMachine};
pub use outbox::Delivery;
pub use ports::{Clock, Entropy, Mail, MailError, Mailer};
pub use secrets::{BrowserSecret, HostLink, SessionToken};
pub use sessions::{SessionSummary, SignedIn};
pub use sign_in::{ConfirmError, Confirmed, PendingSignIn, Proof, RequestSignInError, SignInOrigin, SignInRequest};
pub use vault::Vault;

/// What an operator sets about the use cases.
#[derive(Clone, Debug)]
pub struct Options {
    /// The origin of the portal, without a trailing slash; links in mail start with it.
    pub portal_url: String,
    /// Whether a confirmed sign-in of an unknown address makes an account.
    pub allow_signup: bool,
    /// How many mails may leave in an hour.
    pub hourly_mail_budget: u32,
    /// How fast apps may ask.
    pub api_limits: ApiLimits,
}

/// The use cases on one database. Clones share everything.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    vault: Vault,
    options: Options,
    mail_queued: Notify,
    keyring: RwLock<Option<Arc<Keyring>>>,
}

impl Service {
    /// The use cases on `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, vault: Vault, options: Options) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            entropy,
            vault,
            options,
            mail_queued: Notify::new(),
            keyring: RwLock::default(),
        }))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The key that signs cookies which the browser keeps for the server.
    pub fn cookie_signing_key(&self) -> &[u8; 64] {
        self.0.vault.cookie_signing()
    }

    /// The page of the portal that shows a license.
    pub fn license_page(&self, license: latchkey_licensing::ids::LicenseId) -> String {
        format!("{}/portal/licenses/{license}", self.0.options.portal_url)
    }

    /// A UUID version 7 for what is kept nowhere, such as an answer.
    pub fn new_id(&self) -> Result<uuid::Uuid, Internal> {
        Ok(latchkey_licensing::ids::AuditId::new(self.now(), self.random()?).uuid())
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Internal> {
        let mut bytes = [0; N];
        self.0.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }
}
