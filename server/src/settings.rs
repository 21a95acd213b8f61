//! Settings: defaults, then `latchkey.toml`, then the environment, then flags.
//!
//! Every key is listed once in [`FIELDS`] with its explanation; reading refuses a key that is not
//! there and names the nearest one that is. Secrets never print.

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

use config::{Config, Environment, File, FileFormat, Value, ValueKind};
use latchkey_service::{ApiLimits, RateLimit};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// A setting: its key, what it is for, and whether its value is a secret.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Section and name, `server.listen`.
    pub key: &'static str,
    /// What it is for, in one sentence.
    pub help: &'static str,
    /// Whether its value must never be shown. Secrets may also come from a file, by `…_FILE`.
    pub is_secret: bool,
}

const fn field(key: &'static str, help: &'static str) -> Field {
    Field { key, help, is_secret: false }
}

const fn secret(key: &'static str, help: &'static str) -> Field {
    Field { key, help, is_secret: true }
}

/// Every setting there is.
pub const FIELDS: &[Field] = &[
    field("data_dir", "Folder of the SQLite file, the secrets and unsent mail."),
    field("server.listen", "Address and port to listen on."),
    field("server.surfaces", "Which surfaces this instance serves: all, or some of site, docs, portal, api."),
    field("server.portal_url", "Origin of the portal as browsers see it; links in mail start with it."),
    field(
        "server.api_url",
        "URL under which apps reach /v1, if not the Host that they send; answers are signed for its host.",
    ),
    field(
        "server.trusted_proxies",
        "How many reverse proxies in front set X-Forwarded-For; 0 takes the peer's address.",
    ),
    secret("database.url", "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME; unset is SQLite in data_dir."),
    field("database.connections", "Most connections to the database at once."),
    field("api.key_burst", "How many requests with one license key may come at once."),
    field("api.key_per_minute", "How many requests with one license key come back in a minute; 0 is no limit."),
    field("api.network_burst", "How many requests to /v1 from one network may come at once."),
    field("api.network_per_minute", "How many requests to /v1 from one network come back in a minute; 0 is no limit."),
    field("auth.allow_signup", "Whether a confirmed sign-in of an unknown address makes an account."),
    secret(
        "mail.smtp_url",
        "smtps://USER:PASSWORD@HOST, or smtp://…?tls=required; unset writes mail to data_dir/outbox.",
    ),
    field("mail.from", "Sender of mails, such as Latchkey <licenses@example.com>."),
    field("mail.hourly_budget", "Most mails sent in an hour."),
    secret("secrets.master_secret", "64 hex digits; unset is a file in data_dir, made on first start."),
    secret(
        "secrets.signing_key",
        "64 hex digits, an Ed25519 seed that a new database takes over; unset makes one there.",
    ),
    field("log.level", "error, warn, info, debug or trace, or a tracing filter."),
    field("log.format", "auto, text or json; auto is text on a terminal."),
];

/// All settings.
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
    pub log: Log,
}

/// Section `server`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub surfaces: Surfaces,
    pub portal_url: Option<String>,
    pub api_url: Option<String>,
    pub trusted_proxies: usize,
}

/// Section `database`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    pub url: Secret,
    pub connections: u32,
}

/// Section `api`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    pub key_burst: u32,
    pub key_per_minute: u32,
    pub network_burst: u32,
    pub network_per_minute: u32,
}

impl Api {
    /// The limits as the use cases take them.
    pub fn limits(&self) -> ApiLimits {
        ApiLimits {
            per_key: RateLimit { burst: self.key_burst, per_minute: self.key_per_minute },
            per_network: RateLimit { burst: self.network_burst, per_minute: self.network_per_minute },
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self { key_burst: 60, key_per_minute: 10, network_burst: 120, network_per_minute: 60 }
    }
}

/// Section `auth`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    pub allow_signup: bool,
}

/// Section `mail`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: Secret,
    pub from: Option<String>,
    pub hourly_budget: u32,
}

/// Section `secrets`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    pub master_secret: Secret,
    pub signing_key: Secret,
}

/// Section `log`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A part of the product that an instance may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/`.
    Site,
    /// `/docs`.
    Docs,
    /// `/login` and `/portal`.
    Portal,
    /// `/v1`.
    Api,
}

/// Which surfaces an instance serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surfaces(Vec<Surface>);

impl Surface {
    const ALL: [(&'static str, Self); 4] =
        [("site", Self::Site), ("docs", Self::Docs), ("portal", Self::Portal), ("api", Self::Api)];
}

impl Surfaces {
    /// Whether a surface is served.
    pub fn has(&self, surface: Surface) -> bool {
        self.0.contains(&surface)
    }
}

impl Default for Surfaces {
    fn default() -> Self {
        Self(Surface::ALL.iter().map(|(_, surface)| *surface).collect())
    }
}

impl<'de> Deserialize<'de> for Surfaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            List(Vec<String>),
        }
        let words = match Given::deserialize(deserializer)? {
            Given::Text(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
            Given::List(words) => words,
        };
        if words == ["all"] {
            return Ok(Self::default());
        }
        let read = |word: &String| {
            Surface::ALL.iter().find(|(name, _)| name == word).map(|(_, surface)| *surface).ok_or_else(|| {
                serde::de::Error::custom(format!("`{word}` is no surface: use all, or some of site, docs, portal, api"))
            })
        };
        words.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Serialize for Surfaces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = Surface::ALL.iter().filter(|(_, surface)| self.has(*surface)).map(|(name, _)| *name);
        serializer.serialize_str(&names.collect::<Vec<_>>().join(","))
    }
}

/// A secret that may be unset. It prints as whether it is set.
#[derive(Clone, Default)]
pub struct Secret(Option<SecretString>);

impl Secret {
    /// The secret, if set.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_ref().map(ExposeSecret::expose_secret)
    }

    fn word(&self) -> &'static str {
        if self.0.is_some() { "(set)" } else { "(not set)" }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self((!text.is_empty()).then(|| text.into())))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            server: Server::default(),
            database: Database { url: Secret::default(), connections: 16 },
            api: Api::default(),
            auth: Auth::default(),
            mail: Mail { smtp_url: Secret::default(), from: None, hourly_budget: 500 },
            secrets: Secrets::default(),
            log: Log { level: "info".to_owned(), format: LogFormat::Auto },
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            surfaces: Surfaces::default(),
            portal_url: None,
            api_url: None,
            trusted_proxies: 0,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Settings::default().database
    }
}

impl Default for Mail {
    fn default() -> Self {
        Settings::default().mail
    }
}

impl Default for Log {
    fn default() -> Self {
        Settings::default().log
    }
}

/// Settings that cannot be used, and what to set instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub(crate) String);

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The settings file; unset takes `latchkey.toml` if there is one.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Flags: key and value.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The process's own environment.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(key, _)| key.starts_with("LATCHKEY__"))
            .collect();
        Self { file, environment, flags }
    }
}

impl Settings {
    /// Reads and checks the settings.
    pub fn read(sources: Sources) -> Result<Self, SettingsError> {
        let environment = with_secret_files(sources.environment)?;
        let mut builder = Config::builder();
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
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let refuse = |text: String| Err(SettingsError(text));
        let given = self.server.portal_url.clone().unwrap_or_else(|| self.portal_url());
        let portal = Url::parse(&given).map_err(|_| {
            SettingsError("server.portal_url is no URL: give one such as https://portal.example.com".to_owned())
        })?;
        let has_more = !matches!(portal.path(), "" | "/")
            || portal.query().is_some()
            || portal.fragment().is_some()
            || !portal.username().is_empty()
            || portal.password().is_some();
        if has_more {
            return refuse(
                "server.portal_url is more than an origin: give one such as https://portal.example.com".to_owned(),
            );
        }
        if portal.scheme() != "https" && !(portal.scheme() == "http" && is_loopback(&portal)) {
            return refuse("server.portal_url must be https: cookies of a plain http site can be stolen; http is taken on localhost alone".to_owned());
        }
        if let Some(api) = &self.server.api_url {
            let fits = Url::parse(api).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host().is_some()
                    && url.username().is_empty()
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
            if !fits {
                return refuse("server.api_url is no URL: give one such as https://api.example.com".to_owned());
            }
        }
        if let Some(smtp) = self.mail.smtp_url.expose() {
            check_smtp(smtp)?;
            if self.mail.from.is_none() {
                return refuse("mail.smtp_url is set and mail.from is not: set mail.from to the sender, such as Latchkey <licenses@example.com>".to_owned());
            }
        }
        if let Some(from) = &self.mail.from
            && from.parse::<lettre::message::Mailbox>().is_err()
        {
            return refuse("mail.from is no sender: give one such as Latchkey <licenses@example.com>".to_owned());
        }
        if let Some(database) = self.database.url.expose()
            && !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme))
        {
            return refuse("database.url must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME".to_owned());
        }
        if crate::logging::filter(&self.log.level).is_none() {
            return refuse("log.level is none: give error, warn, info, debug or trace, or target=level".to_owned());
        }
        if self.mail.hourly_budget == 0 {
            return refuse("mail.hourly_budget is 0, so nobody could sign in: give at least 1".to_owned());
        }
        for (key, value) in [("master_secret", &self.secrets.master_secret), ("signing_key", &self.secrets.signing_key)]
        {
            if let Some(text) = value.expose()
                && crate::instance::read_hex(text).is_none()
            {
                return refuse(format!("secrets.{key} is not 64 hex digits: `openssl rand -hex 32` makes some"));
            }
        }
        Ok(())
    }

    /// The origin of the portal in its one spelling, as browsers send it, without a trailing slash.
    pub fn portal_url(&self) -> String {
        let given = self.server.portal_url.clone().unwrap_or_else(|| format!("http://{}", self.server.listen));
        Url::parse(&given).map_or(given, |url| url.origin().ascii_serialization())
    }

    /// Whether browsers reach the portal by https, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.portal_url().starts_with("https://")
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        let default = || format!("sqlite://{}", self.data_dir.join("latchkey.db").display());
        self.database.url.expose().map_or_else(default, str::to_owned)
    }

    /// Every setting with its value, secrets as whether they are set.
    pub fn print(&self) -> Vec<(&'static str, serde_json::Value)> {
        let all = serde_json::to_value(self).unwrap_or_default();
        let value = |key: &str| {
            let pointer = format!("/{}", key.replace('.', "/"));
            all.pointer(&pointer).cloned().unwrap_or_default()
        };
        FIELDS.iter().map(|field| (field.key, value(field.key))).collect()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn check_smtp(text: &str) -> Result<(), SettingsError> {
    let form = "mail.smtp_url must be smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST?tls=required";
    // The parser's own message could repeat the password.
    let url = Url::parse(text).map_err(|_| SettingsError(form.to_owned()))?;
    let requires_tls = url.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    if url.host_str().is_none_or(str::is_empty) {
        return Err(SettingsError(form.to_owned()));
    }
    match url.scheme() {
        "smtps" => Ok(()),
        "smtp" if requires_tls => Ok(()),
        "smtp" if url.host_str().is_some_and(|host| host == "localhost" || host == "127.0.0.1" || host == "[::1]") => {
            Ok(())
        }
        _ => Err(SettingsError(format!("{form}: without TLS, sign-in links could be read on the way"))),
    }
}

/// Replaces `LATCHKEY__…_FILE` by the file's content, for secrets alone.
fn with_secret_files(environment: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, SettingsError> {
    let mut plain = BTreeMap::new();
    for (key, value) in environment {
        let target = FIELDS
            .iter()
            .filter(|field| field.is_secret)
            .map(|field| environment_name(field.key))
            .find(|name| key == format!("{name}_FILE"));
        match target {
            None => {
                plain.insert(key, value);
            }
            Some(name) => {
                let text = std::fs::read_to_string(&value).map_err(|error| {
                    SettingsError(format!("{key} names a file that cannot be read: {value}: {error}"))
                })?;
                plain.insert(name, text.trim().to_owned());
            }
        }
    }
    Ok(plain)
}

/// The environment variable of a key.
pub fn environment_name(key: &str) -> String {
    format!("LATCHKEY__{}", key.replace('.', "__").to_uppercase())
}

fn refuse_unknown_keys(config: &Config) -> Result<(), SettingsError> {
    let mut keys = Vec::new();
    if let Ok(table) = config.clone().try_deserialize::<BTreeMap<String, Value>>() {
        collect_keys("", &table.into_iter().collect(), &mut keys);
    }
    for key in keys {
        if FIELDS.iter().any(|field| field.key == key) {
            continue;
        }
        let nearest = FIELDS.iter().min_by_key(|field| strsim::damerau_levenshtein(field.key, &key));
        let nearest = nearest.map_or_else(String::new, |field| {
            format!(": did you mean `{}`, {}?", field.key, environment_name(field.key))
        });
        return Err(SettingsError(format!("there is no setting `{key}`{nearest}")));
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
    fn every_field_exists_and_every_key_is_a_field() {
        let all = serde_json::to_value(Settings::default()).expect("serializes");
        let mut keys = Vec::new();
        for (section, value) in all.as_object().expect("an object") {
            match value.as_object() {
                Some(inner) => keys.extend(inner.keys().map(|key| format!("{section}.{key}"))),
                None => keys.push(section.clone()),
            }
        }
        keys.sort();
        let mut fields: Vec<_> = FIELDS.iter().map(|field| field.key.to_owned()).collect();
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
        assert_eq!(settings.portal_url(), "http://127.0.0.1:4000");
        assert!(
            settings.auth.allow_signup
                && settings.server.surfaces.has(Surface::Api)
                && !settings.server.surfaces.has(Surface::Portal)
        );
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for given in ["HTTPS://Portal.Example.com:443/", " https://portal.example.com", "https://portal.example.com"] {
            let settings = read(&[("LATCHKEY__SERVER__PORTAL_URL", given)]).expect("good");
            assert_eq!((settings.portal_url().as_str(), settings.is_https()), ("https://portal.example.com", true));
        }
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
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
            &[("LATCHKEY__SECRETS__MASTER_SECRET", "hunter2")],
            &[("LATCHKEY__SECRETS__SIGNING_KEY", "hunter2")],
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
