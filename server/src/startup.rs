//! From settings to a ready service: secrets, database, catalog.

use std::sync::Arc;

use latchkey_service::{AdoptError, ClaimError, Internal, OpenError, Options, Service, Store, StoreError, Vault};

use crate::{
    adapters::{OsEntropy, SystemClock},
    instance::{Instance, InstanceError},
    settings::{Settings, SettingsError},
};

/// Why the program does not start, or a command is not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data folder or its secrets cannot be used.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The database was made with another master secret.
    #[error("{0}")]
    OtherSecret(ClaimError),
    /// The signing key that is given is none of the database's.
    #[error(
        "{why}: unset it, and see `latchkey keys list`; a database takes a given key only while it has none{}",
        from(.file.as_deref())
    )]
    OtherSigningKey {
        /// What is wrong with it.
        why: AdoptError,
        /// The file of an earlier version that it is from.
        file: Option<std::path::PathBuf>,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error(
        "{address} cannot be listened on: {why}. Stop what listens there, or set LATCHKEY__SERVER__LISTEN to another address"
    )]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The system's reason.
        why: std::io::Error,
    },
    /// An argument cannot be used.
    #[error("{0}")]
    Usage(String),
    /// The command was refused; nothing changed.
    #[error("{0}")]
    Refused(String),
    /// The command did not wholly succeed; its result, which is out, says so as well.
    #[error("{0}")]
    PartlyDone(String),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

fn from(file: Option<&std::path::Path>) -> String {
    file.map_or_else(String::new, |file| format!(" (it is from {})", file.display()))
}

impl Failure {
    /// The exit code (sysexits where there is one).
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_)
            | Self::Instance(_)
            | Self::OtherSecret(_)
            | Self::OtherSigningKey { .. }
            | Self::Store(StoreError::Address(_)) => 78,
            Self::Store(StoreError::Busy | StoreError::Database(_) | StoreError::NewerSchema(_))
            | Self::Internal(Internal::Store(StoreError::Busy | StoreError::Database(_)))
            | Self::Listen { .. } => 69,
            Self::Usage(_) => 2,
            Self::Store(_) | Self::Refused(_) | Self::PartlyDone(_) | Self::Internal(_) => 1,
        }
    }
}

/// Opens and migrates the database. A new one gets a signing key, and has no products yet.
pub(crate) async fn open(settings: &Settings) -> Result<Service, Failure> {
    let instance = Instance::open(settings, &OsEntropy)?;
    let store = Store::open(&settings.database_url(), settings.database.connections).await?;
    store.migrate().await?;
    let options = Options {
        portal_url: settings.portal_url(),
        allow_signup: settings.auth.allow_signup,
        hourly_mail_budget: settings.mail.hourly_budget,
        brand: settings.brand.vendor(),
        api_limits: settings.api.limits(),
    };
    let vault = Vault::new(&instance.master_secret);
    let given_key = instance.given_signing_key.as_deref();
    let service = Service::open(store, Arc::new(SystemClock), Arc::new(OsEntropy), vault, options, given_key);
    let service = service.await.map_err(|error| match error {
        OpenError::Claim(ClaimError::OtherSecret) => Failure::OtherSecret(ClaimError::OtherSecret),
        OpenError::Adopt(AdoptError::OtherKey) => {
            // A key from the settings goes before one from the file.
            let is_from_file = settings.secrets.signing_key.expose().is_none();
            let file = instance.old_key_file.clone().filter(|_| is_from_file);
            Failure::OtherSigningKey { why: AdoptError::OtherKey, file }
        }
        OpenError::Claim(ClaimError::Internal(error))
        | OpenError::Adopt(AdoptError::Internal(error))
        | OpenError::Internal(error) => Failure::Internal(error),
    })?;
    if let Some(file) = &instance.old_key_file {
        tracing::warn!(
            "{} still holds the signing key in clear; the database keeps it encrypted, so delete the file",
            file.display()
        );
    }
    Ok(service)
}
