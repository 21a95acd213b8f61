//! [`Service`], on which all use cases are defined, and the state that they share.

pub(crate) mod backoff;
pub(crate) mod catalog_cache;
pub(crate) mod keyring;
pub(crate) mod resources;
pub(crate) mod write_behind;

use std::{
    ops::Deref,
    sync::{Arc, RwLock},
};

use latchkey_licensing::{brand::Brand, ids::LicenseId, portal_paths, time::Timestamp};
use latchkey_store::{AuditRow, Store, Tx};
use tokio::sync::{Notify, Semaphore};

use crate::{
    audit::{actor::Cause, event::AuditEvent},
    billing::{AskedAbout, BillingOptions},
    desk::export::MAX_EXPORTS,
    error::Internal,
    identity::passkeys::verifier::Verifier,
    mail::{colors::MailColors, letter::Letterhead},
    operation::{
        diagnostics::workers::WorkerLog,
        rate_limit::{leases::Leases, limits::ApiLimits},
    },
    ports::payments::Payments,
    service::{catalog_cache::CatalogCache, keyring::Keyring, resources::Resources, write_behind::WriteBehind},
};

/// Settings of the use cases.
#[derive(Clone, Debug)]
pub struct Options {
    /// The portal's origin, without a trailing slash. Links in mail start with it.
    pub portal_url: String,
    /// The admin portal's origin in the same form. Links that the host creates for staff start with it.
    pub admin_url: String,
    /// The origin of this instance's own pages in the same form. Links in mails for signing in start with it, because only the
    /// browser that asked may use them, and passkeys belong to its host.
    pub pages_url: String,
    /// Whether confirming a sign-in with an unknown address creates an account.
    pub allow_signup: bool,
    /// The most sign-in mails that are sent in an hour.
    pub hourly_mail_budget: u32,
    /// Whether customers are notified when a license is activated on a new computer.
    pub new_computer_notice: bool,
    /// The vendor, as mail names it.
    pub brand: Brand,
    /// The vendor's colors in mail.
    pub mail_colors: MailColors,
    /// Rate limits of the activation API.
    pub api_limits: ApiLimits,
    /// Selling.
    pub billing: BillingOptions,
}

impl Options {
    /// Whether this instance serves the portal, and not only the admin portal.
    pub(crate) fn serves_portal(&self) -> bool {
        self.pages_url == self.portal_url
    }

    pub(crate) fn letterhead(&self) -> Letterhead<'_> {
        Letterhead { brand: &self.brand, colors: &self.mail_colors, portal_url: &self.portal_url }
    }
}

/// The use cases on one database. Clones share all state.
#[derive(Clone, Debug)]
pub struct Service(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) resources: Resources,
    pub(crate) options: Options,
    pub(crate) payments: Option<Arc<dyn Payments>>,
    pub(crate) mail_queued: Notify,
    pub(crate) event_stored: Notify,
    pub(crate) audit_written: Notify,
    pub(crate) asked_about: AskedAbout,
    pub(crate) catalog: CatalogCache,
    pub(crate) leases: Leases,
    pub(crate) write_behind: WriteBehind,
    pub(crate) workers: WorkerLog,
    /// The places for exports of lists.
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) keyring: RwLock<Arc<Keyring>>,
    /// `None` if browsers create no passkeys for the portal's address.
    pub(crate) verifier: Option<Verifier>,
}

impl Deref for Inner {
    type Target = Resources;

    fn deref(&self) -> &Resources {
        &self.resources
    }
}

impl Service {
    pub(crate) fn new(
        resources: Resources,
        options: Options,
        payments: Option<Arc<dyn Payments>>,
        keyring: Arc<Keyring>,
    ) -> Self {
        let verifier = Verifier::new(&options.pages_url, &options.brand.name);
        Self(Arc::new(Inner {
            resources,
            options,
            payments,
            mail_queued: Notify::new(),
            event_stored: Notify::new(),
            audit_written: Notify::new(),
            asked_about: AskedAbout::default(),
            catalog: CatalogCache::default(),
            leases: Leases::default(),
            write_behind: WriteBehind::default(),
            workers: WorkerLog::default(),
            exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
            keyring: RwLock::new(keyring),
            verifier,
        }))
    }

    /// The database that the use cases work on.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The current time of the service's clock.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// The key that signs cookies.
    pub fn cookie_signing_key(&self) -> &[u8; 64] {
        self.0.vault.cookie_signing()
    }

    /// The vendor that sells the licenses.
    pub fn brand(&self) -> &Brand {
        &self.0.options.brand
    }

    /// The URL of the portal's page for a license.
    pub fn license_page(&self, license: LicenseId) -> String {
        format!("{}{}", self.0.options.portal_url, portal_paths::license(license))
    }

    /// A new UUID (version 7) for something that is not stored, such as an API response.
    pub fn new_id(&self) -> Result<uuid::Uuid, Internal> {
        Ok(latchkey_licensing::ids::AuditId::new(self.now(), self.random()?).uuid())
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Internal> {
        self.0.resources.random()
    }

    /// Writes an event to the audit log.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        by: impl Into<Cause<'_>> + Send,
        event: AuditEvent,
    ) -> Result<(), Internal> {
        self.0.record(tx, now, by, event).await?;
        self.0.audit_written.notify_one();
        Ok(())
    }

    /// The audit log's row for an event, for writing many at once.
    pub(crate) fn audit_row<'a>(
        &self,
        now: Timestamp,
        by: impl Into<Cause<'a>>,
        event: &AuditEvent,
    ) -> Result<AuditRow, Internal> {
        self.0.audit_row(now, by, event)
    }
}
