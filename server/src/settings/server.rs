//! Section `server`: where the instance listens, what it serves, and how it is reached.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    SettingsError, Surfaces,
    field::{Field, field},
};

pub(super) const FIELDS: &[Field] = &[
    field("server.listen", "Address and port to listen on."),
    field(
        "server.surfaces",
        "The surfaces that this instance serves: all, or some of site, docs, portal, api, webhooks.",
    ),
    field("server.portal_url", "The portal's origin as browsers see it; links in mails start with it."),
    field(
        "server.api_url",
        "The URL where apps reach /v1, if it differs from the Host header they send; responses are signed for its host.",
    ),
    field(
        "server.trusted_proxies",
        "The number of reverse proxies that set X-Forwarded-For; 0 uses the peer's address.",
    ),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub surfaces: Surfaces,
    pub portal_url: Option<String>,
    pub api_url: Option<String>,
    pub trusted_proxies: usize,
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

impl Server {
    fn given_portal_url(&self) -> String {
        self.portal_url.clone().unwrap_or_else(|| {
            // Browsers create passkeys for names, not for IP addresses.
            if self.listen.ip().is_loopback() {
                format!("http://localhost:{}", self.listen.port())
            } else {
                format!("http://{}", self.listen)
            }
        })
    }

    /// The portal's origin, normalized as browsers send it, without a trailing slash.
    pub(super) fn portal_origin(&self) -> String {
        let given = self.given_portal_url();
        Url::parse(&given).map_or(given, |url| url.origin().ascii_serialization())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        check_portal(&self.given_portal_url())?;
        self.api_url.as_deref().map_or(Ok(()), check_api)
    }
}

fn check_portal(given: &str) -> Result<(), SettingsError> {
    let portal = Url::parse(given).map_err(|_| {
        SettingsError::new("server.portal_url is not a URL: use one such as https://portal.example.com")
    })?;
    let has_more = !matches!(portal.path(), "" | "/")
        || portal.query().is_some()
        || portal.fragment().is_some()
        || !portal.username().is_empty()
        || portal.password().is_some();
    if has_more {
        return Err(SettingsError::new("server.portal_url must be an origin only, such as https://portal.example.com"));
    }
    if portal.scheme() != "https" && !(portal.scheme() == "http" && is_loopback(&portal)) {
        return Err(SettingsError::new(
            "server.portal_url must use https because cookies of an http site can be stolen; http is only allowed on localhost",
        ));
    }
    Ok(())
}

fn check_api(given: &str) -> Result<(), SettingsError> {
    let fits = Url::parse(given).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if fits {
        Ok(())
    } else {
        Err(SettingsError::new("server.api_url is not a URL: use one such as https://api.example.com"))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
