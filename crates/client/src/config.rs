//! Settings that a vendor builds into an app, and the source of the current time.

use std::time::Duration;

use latchkey_licensing::{ids::ProductId, public_key::PublicKey, time::Timestamp};

use crate::access::OfflineTerms;

/// Settings that a vendor builds into an app.
#[derive(Clone, Debug)]
pub struct Config {
    /// The base URL of the activation API, without `/v1`.
    pub api_url: String,
    /// The product's id, from `latchkey catalog show`.
    pub product: ProductId,
    /// The vendor's public keys, from `latchkey keys public`: the current one and, before a rotation, the next.
    pub public_keys: Vec<PublicKey>,
    /// Which files the app accepts and for how long.
    pub offline: OfflineTerms,
    /// The time to live to request for machine files. `None` uses the policy's default.
    pub file_ttl: Option<Duration>,
    /// The `User-Agent` header sent to the server.
    pub user_agent: String,
}

impl Config {
    /// Default settings: [`OfflineTerms::default`], and the policy's time to live for files.
    pub fn new(api_url: &str, product: ProductId, public_keys: Vec<PublicKey>) -> Self {
        Self {
            api_url: normalize_url(api_url),
            product,
            public_keys,
            offline: OfflineTerms::default(),
            file_ttl: None,
            user_agent: concat!("latchkey-client/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Removes trailing slashes and converts scheme and host to lower case, as the server signs them.
fn normalize_url(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    url[..path].to_ascii_lowercase() + &url[path..]
}

/// The client's source of the current time.
pub trait Clock {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// This computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the client's time comes from")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_normalized_as_they_are_signed() {
        for (given, normal) in [
            ("https://api.example.com", "https://api.example.com"),
            ("HTTPS://API.Example.com:8443/Licenses/", "https://api.example.com:8443/Licenses"),
            ("http://localhost:3000//", "http://localhost:3000"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(normalize_url(given), normal);
        }
    }
}
