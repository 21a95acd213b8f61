//! The SMTP server that takes the mails, and how it is reached.

use std::fmt;

use lettre::transport::smtp::{authentication::Credentials, client::TlsParameters, extension::ClientId};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::settings::{Settings, SettingsError};

/// The port of mail servers for other mail servers.
const SMTP_PORT: u16 = 25;

/// The port of mail servers for mail programs, with STARTTLS.
const SUBMISSION_PORT: u16 = 587;

/// The port of mail servers for mail programs, with TLS from the start.
const SUBMISSIONS_PORT: u16 = 465;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Only on this host.
    None,
    /// With STARTTLS if the server offers it. Only on this host.
    IfOffered,
    /// With STARTTLS.
    StartTls,
    /// From the start.
    Tls,
}

#[derive(Clone)]
pub struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) tls: TlsParameters,
    pub(super) credentials: Option<Credentials>,
    /// The name with which we introduce ourselves.
    pub(super) hello: ClientId,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, encryption, .. } = self;
        f.debug_struct("Relay")
            .field("host", host)
            .field("port", port)
            .field("encryption", encryption)
            .finish_non_exhaustive()
    }
}

impl Relay {
    /// The server in the settings. `None` if mails are written to files.
    pub fn in_settings(settings: &Settings) -> Result<Option<Self>, SettingsError> {
        let Some(url) = settings.mail.smtp_url.expose() else { return Ok(None) };
        let host = || Some(Url::parse(&settings.portal_url()).ok()?.host()?.to_string());
        let hello = settings.mail.ehlo_name.clone().or_else(host).unwrap_or_default();
        let unusable = || SettingsError("mail.smtp_url is not the URL of an SMTP server".to_owned());
        Self::new(url, &hello).map(Some).ok_or_else(unusable)
    }

    /// The server at this URL, which the settings have checked, to which we are the host `hello`. `None` if the URL is invalid.
    pub fn new(url: &str, hello: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let wanted = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let (encryption, port) = match (url.scheme(), wanted.as_deref()) {
            ("smtps", _) => (Encryption::Tls, SUBMISSIONS_PORT),
            ("smtp", Some("required")) => (Encryption::StartTls, SUBMISSION_PORT),
            ("smtp", Some("opportunistic")) => (Encryption::IfOffered, SUBMISSION_PORT),
            ("smtp", None) => (Encryption::None, SMTP_PORT),
            _ => return None,
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decode(url.username())?, decode(password)?)),
            None => None,
        };
        Some(Self {
            tls: TlsParameters::new(host.clone()).ok()?,
            port: url.port().unwrap_or(port),
            host,
            encryption,
            credentials,
            hello: client_id(hello),
        })
    }
}

/// An address is written in brackets (RFC 5321, section 4.1.3).
fn client_id(name: &str) -> ClientId {
    match Host::parse(name) {
        Ok(Host::Ipv4(ip)) => ClientId::Ipv4(ip),
        Ok(Host::Ipv6(ip)) => ClientId::Ipv6(ip),
        Ok(Host::Domain(name)) => ClientId::Domain(name),
        Err(_) => ClientId::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_how_a_server_is_reached() {
        let read = |url| Relay::new(url, "portal.example.com").expect("a server");
        for (url, host, port, encryption) in [
            ("smtps://a:b@mail.example.com", "mail.example.com", 465, Encryption::Tls),
            ("smtp://a:b@mail.example.com?tls=required", "mail.example.com", 587, Encryption::StartTls),
            ("smtp://a:b@mail.example.com:2525/?tls=required", "mail.example.com", 2525, Encryption::StartTls),
            ("smtp://localhost", "localhost", 25, Encryption::None),
            ("smtp://[::1]:1025", "::1", 1025, Encryption::None),
        ] {
            let relay = read(url);
            assert_eq!((relay.host.as_str(), relay.port, relay.encryption), (host, port, encryption), "{url}");
        }
        let relay = read("smtps://ada%40example.com:p%26s+s%2Fw@mail.example.com");
        assert_eq!(relay.credentials, Some(Credentials::new("ada@example.com".to_owned(), "p&s+s/w".to_owned())));
        assert!(read("smtp://localhost").credentials.is_none());
        assert!(!format!("{relay:?}").contains("p&s"));
        for bad in ["smtps://", "http://mail.example.com", "smtp://mail.example.com?tls=maybe"] {
            assert!(Relay::new(bad, "x").is_none(), "{bad}");
        }
    }

    #[test]
    fn we_introduce_ourselves_with_a_name_or_an_address() {
        for (name, said) in [
            ("portal.example.com", "portal.example.com"),
            ("192.0.2.7", "[192.0.2.7]"),
            ("[2001:db8::1]", "[IPv6:2001:db8::1]"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(client_id(name).to_string(), said);
        }
    }
}
