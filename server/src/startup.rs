//! Opens the service as the settings say: secrets, database and signing key. Also the errors of commands.

pub(crate) mod core_dumps;
mod instance;
pub(crate) mod logging;

use std::sync::Arc;

use latchkey_service::{
    AdoptError, BillingOptions, ClaimError, Internal, OpenError, Options, Ports, PostgresMode, Service, Store,
    StoreError, Vault,
};

use crate::{
    adapters::{OsEntropy, SystemClock, stripe::StripePayments},
    settings::{Settings, SettingsError},
};

use instance::{Instance, InstanceError};
pub(crate) use instance::{folder_warning, is_exposed};

/// Why the program did not start, or a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data folder or its secrets cannot be used.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The database was created with another master secret.
    #[error("{0}")]
    OtherSecret(ClaimError),
    /// The given signing key is not one of those in the database.
    #[error(
        "{why}: unset it, and see `latchkey keys list`; only a database without keys adopts a given key{}",
        from(.file.as_deref())
    )]
    OtherSigningKey {
        why: AdoptError,
        /// The file of an earlier version that contained the key.
        file: Option<std::path::PathBuf>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "cannot listen on {address}: {why}. Stop the program that is listening there, or set LATCHKEY__SERVER__LISTEN to another address"
    )]
    Listen { address: std::net::SocketAddr, why: std::io::Error },
    /// An argument is invalid.
    #[error("{0}")]
    Usage(String),
    /// The command was refused. Nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// The command succeeded only in part. Its output also says so.
    #[error("{0}")]
    PartlyDone(String),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

fn from(file: Option<&std::path::Path>) -> String {
    file.map_or_else(String::new, |file| format!(" (it was read from {})", file.display()))
}

impl Failure {
    /// The exit code, from sysexits if one fits.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_)
            | Self::Instance(_)
            | Self::OtherSecret(_)
            | Self::OtherSigningKey { .. }
            | Self::Store(StoreError::Address(_)) => 78,
            Self::Store(
                StoreError::Busy | StoreError::Database(_) | StoreError::FileGone { .. } | StoreError::NewerSchema(_),
            )
            | Self::Internal(Internal::Store(
                StoreError::Busy | StoreError::Database(_) | StoreError::FileGone { .. },
            ))
            | Self::Listen { .. } => 69,
            Self::Usage(_) => 2,
            Self::Store(_) | Self::Refused(_) | Self::PartlyDone(_) | Self::Internal(_) => 1,
        }
    }
}

/// The settings of the use cases.
pub(crate) fn options(settings: &Settings) -> Options {
    Options {
        portal_url: settings.portal_url(),
        admin_url: settings.admin_url(),
        pages_url: settings.pages_url(),
        allow_signup: settings.auth.allow_signup,
        hourly_mail_budget: settings.mail.hourly_budget,
        new_computer_notice: settings.mail.new_computer_notice,
        brand: settings.brand.vendor(),
        mail_colors: settings.brand.mail_colors(),
        api_limits: settings.api.limits(),
        billing: BillingOptions {
            grace: settings.stripe.grace_period(),
            refunds_on_fraud_warning: settings.stripe.refund_on_fraud_warning,
            download_url: settings.brand.download_url.clone(),
        },
    }
}

/// Opens and migrates the database. A new database gets a signing key, but no products.
pub(crate) async fn open(settings: &Settings) -> Result<Service, Failure> {
    let instance = Instance::read(settings)?;
    if let Some(warning) = folder_warning(settings) {
        tracing::warn!("{warning}");
    }
    let url = settings.database_url();
    let mode =
        if settings.database.transaction_pooler { PostgresMode::TransactionPooler } else { PostgresMode::Direct };
    // Until the database is claimed, other processes that start wait.
    let lock = Store::lock_for_startup(&url).await?;
    let store = Store::open_with(&url, settings.database.connections, mode).await?;
    let master_secret = match instance.master_secret {
        Some(secret) => secret,
        None if store.is_claimed().await? => {
            // Another process may have created both in the meantime.
            let created = Instance::read(settings)?.master_secret;
            created.ok_or_else(|| InstanceError::SecretMissing(instance::secret_path(settings)))?
        }
        None => instance::create_secret(settings, &OsEntropy)?,
    };
    store.migrate().await?;
    let vault = Vault::new(&master_secret);
    let given_key = instance.given_signing_key.as_deref();
    let payments = settings.stripe.key()?.map(|key| Arc::new(StripePayments::new(&settings.stripe, &key)) as _);
    let ports = Ports { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), payments };
    let service = Service::open(store, ports, vault, options(settings), given_key);
    let service = service.await.map_err(|error| match error {
        OpenError::Claim(ClaimError::OtherSecret) => Failure::OtherSecret(ClaimError::OtherSecret),
        OpenError::Adopt(AdoptError::OtherKey) => {
            // A key from the settings takes precedence over one from the file.
            let is_from_file = settings.secrets.signing_key.expose().is_none();
            let file = instance.old_key_file.clone().filter(|_| is_from_file);
            Failure::OtherSigningKey { why: AdoptError::OtherKey, file }
        }
        OpenError::Claim(ClaimError::Internal(error))
        | OpenError::Adopt(AdoptError::Internal(error))
        | OpenError::Internal(error) => Failure::Internal(error),
    })?;
    drop(lock);
    if let Some(file) = &instance.old_key_file {
        tracing::warn!(
            "{} contains the unencrypted signing key; the database stores it encrypted, so delete the file",
            file.display()
        );
    }
    Ok(service)
}
