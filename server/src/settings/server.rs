//! Section `server`: where the instance listens, what it serves, and how it is reached.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    SettingsError, Surface, Surfaces, TrustedProxies,
    field::{Field, field},
};

pub(super) const FIELDS: &[Field] = &[
    field("server.listen", "Address and port to listen on."),
    field(
        "server.surfaces",
        "The surfaces that this instance serves: all, or some of site, docs, portal, admin, api, webhooks.",
    ),
    field(
        "server.site_url",
        "The site's origin as browsers see it, for links to it and for search engines; unset if it is the portal's.",
    ),
    field("server.docs_url", "The URL of the documentation, if another server has it."),
    field("server.portal_url", "The portal's origin as browsers see it; links in mails start with it."),
    field(
        "server.admin_url",
        "The admin portal's origin as browsers see it, if another instance serves it than the portal; by default the portal's.",
    ),
    field(
        "server.api_url",
        "The URL where apps reach /v1, if it differs from the Host header they send; responses are signed for its host.",
    ),
    field(
        "server.trusted_proxies",
        "The number of reverse proxies that set X-Forwarded-For, or their networks, such as 10.0.0.0/8; 0 uses the peer's address.",
    ),
    field(
        "server.proxy_hops",
        "How many proxies a request passes if server.trusted_proxies names networks; unset, the nearest address outside them is the client's.",
    ),
    field(
        "server.max_connections",
        "The most connections at the same time; fewer if the system allows fewer descriptors. If there are more, idle ones end.",
    ),
    field("server.header_timeout_seconds", "How long a client may take to send a request's header."),
    field("server.body_timeout_seconds", "How long a client may take to send a request's body."),
    field("server.handler_timeout_seconds", "How long the server may take for a response before it gives up with 503."),
    field(
        "server.idle_timeout_seconds",
        "How long a connection stays open without a request, and how long a client may take nothing of a response.",
    ),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub surfaces: Surfaces,
    pub site_url: Option<String>,
    pub docs_url: Option<String>,
    pub portal_url: Option<String>,
    pub admin_url: Option<String>,
    pub api_url: Option<String>,
    pub trusted_proxies: TrustedProxies,
    pub proxy_hops: Option<usize>,
    pub max_connections: u32,
    pub header_timeout_seconds: u32,
    pub body_timeout_seconds: u32,
    pub handler_timeout_seconds: u32,
    pub idle_timeout_seconds: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            surfaces: Surfaces::default(),
            site_url: None,
            docs_url: None,
            portal_url: None,
            admin_url: None,
            api_url: None,
            trusted_proxies: TrustedProxies::default(),
            proxy_hops: None,
            max_connections: 10_000,
            header_timeout_seconds: 10,
            body_timeout_seconds: 20,
            handler_timeout_seconds: 30,
            idle_timeout_seconds: 60,
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
        normalized(self.given_portal_url())
    }

    /// The admin portal's origin in the same form.
    pub(super) fn admin_origin(&self) -> String {
        self.admin_url.clone().map_or_else(|| self.portal_origin(), normalized)
    }

    /// The site's origin, without a trailing slash.
    pub(crate) fn site_origin(&self) -> String {
        let given = self.site_url.clone().unwrap_or_else(|| self.given_portal_url());
        Url::parse(&given).map_or(given, |url| url.origin().ascii_serialization())
    }

    /// How long a handler may take.
    pub(crate) fn handler_timeout(&self) -> Duration {
        Duration::from_secs(self.handler_timeout_seconds.into())
    }

    /// The origin of the API, if it is given.
    pub(super) fn api_origin(&self) -> Option<String> {
        self.api_url.clone().map(normalized)
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if self.portal_url.is_none() && !self.listen.ip().is_loopback() {
            return Err(SettingsError(format!(
                "server.listen is {}, which other computers can reach, so server.portal_url must be set: the https origin that \
                 browsers use, such as LATCHKEY__SERVER__PORTAL_URL=https://portal.example.com. To try it in a container on \
                 this computer, use http://localhost:{}",
                self.listen,
                self.listen.port()
            )));
        }
        check_origin("server.portal_url", &self.given_portal_url())?;
        if let Some(admin) = &self.admin_url {
            check_origin("server.admin_url", admin)?;
        }
        if let Some(site) = &self.site_url {
            check_origin("server.site_url", site)?;
        }
        let is_page = |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if self.docs_url.as_ref().is_some_and(|docs| !is_page(docs)) {
            return Err(SettingsError::new("server.docs_url is not a URL: use one such as https://docs.example.com"));
        }
        let serves_both = self.surfaces.has(Surface::Portal) && self.surfaces.has(Surface::Admin);
        if serves_both && self.admin_origin() != self.portal_origin() {
            return Err(SettingsError::new(
                "server.admin_url is another origin than server.portal_url, but this instance serves both: remove portal or \
                 admin from server.surfaces, or remove server.admin_url",
            ));
        }
        self.check_limits()?;
        self.api_url.as_deref().map_or(Ok(()), check_api)
    }

    fn check_limits(&self) -> Result<(), SettingsError> {
        let limits = [
            ("max_connections", self.max_connections),
            ("header_timeout_seconds", self.header_timeout_seconds),
            ("body_timeout_seconds", self.body_timeout_seconds),
            ("handler_timeout_seconds", self.handler_timeout_seconds),
            ("idle_timeout_seconds", self.idle_timeout_seconds),
        ];
        if let Some((name, _)) = limits.into_iter().find(|(_, limit)| *limit == 0) {
            return Err(SettingsError(format!("server.{name} is 0, so nothing could be served: set at least 1")));
        }
        let names_networks =
            matches!(&self.trusted_proxies, TrustedProxies::Networks(networks) if !networks.is_empty());
        match self.proxy_hops {
            Some(0) => Err(SettingsError::new("server.proxy_hops is 0: set at least 1, or remove it")),
            Some(_) if !names_networks => Err(SettingsError::new(
                "server.proxy_hops is only for networks in server.trusted_proxies: set server.trusted_proxies to the number instead",
            )),
            _ => Ok(()),
        }
    }
}

/// The origin in a URL as browsers send it.
fn normalized(given: String) -> String {
    Url::parse(&given).map_or(given, |url| url.origin().ascii_serialization())
}

fn check_origin(setting: &str, given: &str) -> Result<(), SettingsError> {
    let refuse = |text: &str| Err(SettingsError(format!("{setting} {text}")));
    let Ok(url) = Url::parse(given) else {
        return refuse("is not a URL: use one such as https://portal.example.com");
    };
    let has_more = !matches!(url.path(), "" | "/")
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some();
    if has_more {
        return refuse("must be an origin only, such as https://portal.example.com");
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return refuse(
            "must use https because cookies of an http site can be stolen; http is only allowed on localhost",
        );
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
