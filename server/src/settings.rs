//! Settings: defaults, then `latchkey.toml`, then the environment, then flags. Later ones take precedence.
//!
//! Each section has a file with its type, the help text of each key, and its checks. An unknown key is an
//! error that suggests the nearest known key. Secrets are never printed.

mod api;
mod auth;
mod brand;
mod content;
mod database;
mod field;
mod log;
mod mail;
mod metrics;
mod origin;
mod secrets;
mod server;
mod stripe;
mod values;

use std::{collections::BTreeMap, path::PathBuf};

use config::{Config, Environment, File, FileFormat, Value, ValueKind};
use serde::{Deserialize, Serialize};

use crate::files::read_text;

pub use api::Api;
pub use auth::Auth;
pub use brand::Brand;
pub use content::Content;
pub use database::Database;
pub use field::Field;
pub(crate) use log::filter as log_filter;
pub use log::{Log, LogFormat};
pub use mail::Mail;
pub use metrics::Metrics;
pub use origin::{Origin, Origins};
pub use secrets::Secrets;
pub(crate) use secrets::{is_guessable, read_secret};
pub use server::Server;
pub(crate) use server::is_loopback;
pub use stripe::{BillingAddress, Stripe};
pub(crate) use values::proxies::forwarded_address;
pub use values::{
    proxies::{Network, TrustedProxies},
    secret::Secret,
    surfaces::{Surface, Surfaces},
    web_origins::WebOrigins,
};

/// The longest file with a secret.
const SECRET_FILE_BYTES: u64 = 64 * 1024;

/// The demo's values for settings that are not set otherwise.
const DEMO: &str = include_str!("../../content/demo/settings.toml");

pub fn fields() -> impl Iterator<Item = &'static Field> {
    const DATA_DIR: &[Field] = &[field::field("data_dir", "Folder for the SQLite file, the secrets and unsent mail.")];
    [
        DATA_DIR,
        server::FIELDS,
        database::FIELDS,
        api::FIELDS,
        auth::FIELDS,
        mail::FIELDS,
        secrets::FIELDS,
        brand::FIELDS,
        content::FIELDS,
        stripe::FIELDS,
        log::FIELDS,
        metrics::FIELDS,
    ]
    .into_iter()
    .flatten()
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub data_dir: PathBuf,
    pub server: Server,
    pub database: Database,
    pub api: Api,
    pub auth: Auth,
    pub mail: Mail,
    pub secrets: Secrets,
    pub brand: Brand,
    pub content: Content,
    pub stripe: Stripe,
    pub log: Log,
    pub metrics: Metrics,
    /// Where they come from.
    #[serde(skip)]
    pub origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            server: Server::default(),
            database: Database::default(),
            api: Api::default(),
            auth: Auth::default(),
            mail: Mail::default(),
            secrets: Secrets::default(),
            brand: Brand::default(),
            content: Content::default(),
            stripe: Stripe::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            origins: Origins::default(),
        }
    }
}

/// An error in the settings, with the solution.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub(crate) String);

impl SettingsError {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Where settings are read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The settings file. If unset, `latchkey.toml` if it exists.
    pub file: Option<PathBuf>,
    pub environment: BTreeMap<String, String>,
    /// Keys and values of flags.
    pub flags: Vec<(&'static str, String)>,
    /// Whether the demo's values apply, with the lowest precedence.
    pub is_demo: bool,
    /// Whether the command helps to set the payment provider up, and so runs before the settings are complete.
    pub is_setup: bool,
}

impl Sources {
    /// The process's environment.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(key, _)| key.starts_with("LATCHKEY__"))
            .collect();
        Self { file, environment, flags, is_demo: false, is_setup: false }
    }
}

impl Settings {
    pub fn read(sources: Sources) -> Result<Self, SettingsError> {
        let origins = Origins::find(&sources);
        let environment = with_secret_files(sources.environment)?;
        let mut builder = Config::builder();
        if sources.is_demo {
            builder = builder.add_source(File::from_str(DEMO, FileFormat::Toml));
        }
        builder = match sources.file {
            Some(file) => builder.add_source(File::from(file).format(FileFormat::Toml)),
            None => builder.add_source(File::new("latchkey.toml", FileFormat::Toml).required(false)),
        };
        let source = Environment::with_prefix("LATCHKEY").prefix_separator("__").separator("__");
        builder = builder.add_source(source.source(Some(environment.into_iter().collect())));
        for (key, value) in sources.flags {
            builder = builder.set_override(key, value).map_err(|error| SettingsError(error.to_string()))?;
        }
        let config = builder.build().map_err(|error| SettingsError(error.to_string()))?;
        refuse_unknown_keys(&config)?;
        let settings: Self = config.try_deserialize().map_err(|error| SettingsError(error.to_string()))?;
        let settings = Self { origins, ..settings };
        settings.check(sources.is_setup)?;
        Ok(settings)
    }

    fn check(&self, is_setup: bool) -> Result<(), SettingsError> {
        self.server.check()?;
        self.stripe.check(&self.portal_url(), is_setup)?;
        self.mail.check()?;
        self.database.check()?;
        self.log.check()?;
        self.secrets.check()?;
        self.brand.check()?;
        self.content.check(&self.brand.name)
    }

    /// The portal's origin, normalized as browsers send it, without a trailing slash.
    pub fn portal_url(&self) -> String {
        self.server.portal_origin()
    }

    /// The admin portal's origin in the same form.
    pub fn admin_url(&self) -> String {
        self.server.admin_origin()
    }

    /// The origin of links to builds for updaters: where they reach the API.
    pub(crate) fn downloads_origin(&self) -> String {
        self.server.api_origin().unwrap_or_else(|| self.portal_url())
    }

    /// The origin of this instance's own pages: the admin portal's, if the instance serves it and not the portal.
    pub fn pages_url(&self) -> String {
        let surfaces = &self.server.surfaces;
        let is_admin_only = surfaces.has(Surface::Admin) && !surfaces.has(Surface::Portal);
        if is_admin_only { self.admin_url() } else { self.portal_url() }
    }

    /// Whether browsers use https for this instance's pages, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.pages_url().starts_with("https://")
    }

    /// Whether apps use https for the API.
    pub(crate) fn is_api_https(&self) -> bool {
        self.server.api_origin().map_or_else(|| self.is_https(), |origin| origin.starts_with("https://"))
    }

    pub fn database_url(&self) -> String {
        let default = || format!("sqlite://{}", self.data_dir.join("latchkey.db").display());
        self.database.url.expose().map_or_else(default, str::to_owned)
    }

    /// What is probably wrong, although the server can run with it, with the remedy.
    pub fn warnings(&self) -> Vec<&'static str> {
        let server = &self.server;
        let is_behind_proxy = self.is_https() && server.listen.ip().is_loopback();
        let mut warnings = Vec::new();
        if is_behind_proxy && server.trusted_proxies.is_none() {
            warnings.push(
                "server.trusted_proxies is 0, but the portal has an https address and the server listens on a loopback address, so a \
                 proxy seems to be in front: all clients share the limits of one address. Set it to the number of proxies",
            );
        }
        warnings
    }

    /// All settings with their values. For secrets, whether they are set.
    pub fn print(&self) -> Vec<(&'static str, serde_json::Value)> {
        let all = serde_json::to_value(self).unwrap_or_default();
        let value = |key: &str| {
            let pointer = format!("/{}", key.replace('.', "/"));
            all.pointer(&pointer).cloned().unwrap_or_default()
        };
        fields().map(|field| (field.key, value(field.key))).collect()
    }
}

/// Replaces `LATCHKEY__…_FILE` with the file's content. Only secrets can be read from files.
fn with_secret_files(environment: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, SettingsError> {
    let mut plain = BTreeMap::new();
    for (key, value) in environment {
        let target = fields()
            .filter(|field| field.is_secret)
            .map(|field| environment_name(field.key))
            .find(|name| key == format!("{name}_FILE"));
        match target {
            None => {
                plain.insert(key, value);
            }
            Some(name) => {
                let text = read_text(value.as_ref(), SECRET_FILE_BYTES).map_err(|error| {
                    SettingsError(format!("{key} names a file that cannot be read: {value}: {error}"))
                })?;
                plain.insert(name, text.trim().to_owned());
            }
        }
    }
    Ok(plain)
}

/// The environment variable of a setting.
pub fn environment_name(key: &str) -> String {
    format!("LATCHKEY__{}", key.replace('.', "__").to_uppercase())
}

fn refuse_unknown_keys(config: &Config) -> Result<(), SettingsError> {
    let mut keys = Vec::new();
    if let Ok(table) = config.clone().try_deserialize::<BTreeMap<String, Value>>() {
        collect_keys("", &table.into_iter().collect(), &mut keys);
    }
    for key in keys {
        if fields().any(|field| field.key == key) {
            continue;
        }
        let nearest = fields().min_by_key(|field| strsim::damerau_levenshtein(field.key, &key));
        let nearest = nearest.map_or_else(String::new, |field| {
            format!(": did you mean `{}`, {}?", field.key, environment_name(field.key))
        });
        return Err(SettingsError(format!("unknown setting `{key}`{nearest}")));
    }
    Ok(())
}

fn collect_keys(prefix: &str, table: &config::Map<String, Value>, keys: &mut Vec<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match &value.kind {
            ValueKind::Table(inner) => collect_keys(&key, inner, keys),
            _ => keys.push(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Settings::read(Sources { environment, ..Sources::default() }).map_err(|error| error.to_string())
    }

    #[test]
    fn every_setting_is_described() {
        let all = serde_json::to_value(Settings::default()).expect("serializes");
        let mut keys = Vec::new();
        for (section, value) in all.as_object().expect("an object") {
            match value.as_object() {
                Some(inner) => keys.extend(inner.keys().map(|key| format!("{section}.{key}"))),
                None => keys.push(section.clone()),
            }
        }
        keys.sort();
        let mut fields: Vec<_> = fields().map(|field| field.key.to_owned()).collect();
        fields.sort();
        assert_eq!(keys, fields);
    }

    #[test]
    fn environment_overrides_defaults() {
        let settings = read(&[
            ("LATCHKEY__SERVER__LISTEN", "127.0.0.1:4000"),
            ("LATCHKEY__AUTH__ALLOW_SIGNUP", "true"),
            ("LATCHKEY__SERVER__SURFACES", "api"),
        ])
        .expect("good");
        assert_eq!(settings.portal_url(), "http://localhost:4000");
        assert!(
            settings.auth.allow_signup
                && settings.server.surfaces.has(Surface::Api)
                && !settings.server.surfaces.has(Surface::Portal)
        );
    }

    #[test]
    fn settings_override_the_demos_brand() {
        let read = |name: Option<&str>| {
            let environment =
                name.map(|name| ("LATCHKEY__BRAND__NAME".to_owned(), name.to_owned())).into_iter().collect();
            Settings::read(Sources { environment, is_demo: true, ..Sources::default() }).expect("good").brand
        };
        assert_ne!(read(None).name, Brand::default().name);
        assert!(read(None).vendor().support.is_some());
        assert_eq!(read(Some("Acme")).name, "Acme");
    }

    #[test]
    fn origins_are_normalized() {
        for given in ["HTTPS://Portal.Example.com:443/", " https://portal.example.com", "https://portal.example.com"] {
            let settings = read(&[("LATCHKEY__SERVER__PORTAL_URL", given)]).expect("good");
            assert_eq!((settings.portal_url().as_str(), settings.is_https()), ("https://portal.example.com", true));
        }
    }

    #[test]
    fn pages_have_the_origin_of_the_portal_that_is_served() {
        let origin = |surfaces: &str| {
            let urls = [
                ("LATCHKEY__SERVER__PORTAL_URL", "https://portal.example.com"),
                ("LATCHKEY__SERVER__ADMIN_URL", "https://Admin.example.com:443"),
                ("LATCHKEY__SERVER__SURFACES", surfaces),
            ];
            let settings = read(&urls).expect("good");
            assert_eq!(settings.admin_url(), "https://admin.example.com");
            settings.pages_url()
        };
        assert_eq!(origin("site,portal"), "https://portal.example.com");
        assert_eq!(origin("admin"), "https://admin.example.com");
        assert_eq!(origin("api"), "https://portal.example.com");
        let settings = read(&[("LATCHKEY__SERVER__PORTAL_URL", "https://portal.example.com")]).expect("good");
        assert_eq!((settings.admin_url(), settings.pages_url()), (settings.portal_url(), settings.portal_url()));
    }

    #[test]
    fn errors_about_unknown_settings_suggest_the_nearest() {
        let error = read(&[("LATCHKEY__SERVER__LISTN", "x")]).expect_err("refused");
        assert!(error.contains("`server.listn`") && error.contains("`server.listen`"), "{error}");
    }

    #[test]
    fn weak_settings_are_refused_and_secrets_stay_hidden() {
        let cases: &[&[(&str, &str)]] = &[
            &[("LATCHKEY__SERVER__PORTAL_URL", "http://portal.example.com")],
            &[("LATCHKEY__SERVER__PORTAL_URL", "https://portal.example.com/path")],
            &[("LATCHKEY__SERVER__PORTAL_URL", "portal")],
            &[("LATCHKEY__SERVER__PORTAL_URL", "https://portal.example.com/#")],
            &[("LATCHKEY__SERVER__PORTAL_URL", "https://:hunter2@portal.example.com")],
            &[("LATCHKEY__SERVER__ADMIN_URL", "http://admin.example.com"), ("LATCHKEY__SERVER__SURFACES", "portal")],
            &[("LATCHKEY__SERVER__ADMIN_URL", "admin"), ("LATCHKEY__SERVER__SURFACES", "portal")],
            &[("LATCHKEY__SERVER__ADMIN_URL", "https://admin.example.com")],
            &[("LATCHKEY__SERVER__API_URL", "ftp://x")],
            &[("LATCHKEY__SERVER__SURFACES", "portal,blog")],
            &[("LATCHKEY__MAIL__SMTP_URL", "smtp://user:hunter2@mail.example.com")],
            &[("LATCHKEY__MAIL__SMTP_URL", "smtps://user:hunter2@mail.example.com")],
            &[("LATCHKEY__MAIL__FROM", "not an address")],
            &[("LATCHKEY__MAIL__FROM", "a@example.com"), ("LATCHKEY__MAIL__SMTP_URL", "smtps://")],
            &[("LATCHKEY__DATABASE__URL", "mysql://u:hunter2@h/n")],
            &[("LATCHKEY__LOG__LEVEL", "verbose")],
            &[("LATCHKEY__SERVER__API_URL", "https://user:hunter2@api.example.com")],
            &[("LATCHKEY__MAIL__HOURLY_BUDGET", "0")],
            &[("LATCHKEY__MAIL__EHLO_NAME", "mail.example.com\r\nMAIL FROM")],
            &[("LATCHKEY__SECRETS__MASTER_SECRET", "hunter2")],
            &[("LATCHKEY__SECRETS__MASTER_SECRET", &"0".repeat(64))],
            &[("LATCHKEY__SECRETS__SIGNING_KEY", "hunter2")],
            &[("LATCHKEY__SECRETS__MASTER_SECRET", &"+a".repeat(32))],
            &[("LATCHKEY__BRAND__NAME", " ")],
            &[("LATCHKEY__BRAND__NAME", "Acme</title>")],
            &[("LATCHKEY__BRAND__SUPPORT", "call us")],
            &[("LATCHKEY__BRAND__ACCENT", "teal")],
            &[("LATCHKEY__BRAND__LOGO", "/nonexistent.svg")],
            &[("LATCHKEY__SERVER__LISTEN", "nowhere")],
            &[("LATCHKEY__SECRETS__MASTER_SECRET_FILE", "/nonexistent")],
        ];
        for case in cases {
            let error = read(case).expect_err("refused");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let settings = read(&[("LATCHKEY__DATABASE__URL", "postgres://u:hunter2@h/n")]).expect("good");
        let printed = format!("{settings:?} {:?}", settings.print());
        assert!(!printed.contains("hunter2") && printed.contains("(set)"), "{printed}");
    }
}
