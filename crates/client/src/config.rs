//! What a vendor builds into an app, and where its time comes from.

use std::time::Duration;

use latchkey_licensing::{ids::ProductId, public_key::PublicKey, time::Timestamp};

use crate::standing::Terms;

/// What a vendor builds into an app.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the activation API is, without `/v1`.
    pub api_url: String,
    /// The product's id, as `latchkey catalog show` prints it.
    pub product: ProductId,
    /// The vendor's public keys: the one that signs, and the one that will.
    pub public_keys: Vec<PublicKey>,
    /// What files the app takes, and how long it goes on with one.
    pub terms: Terms,
    /// How long files last that are checked out; `None` leaves it to the policy.
    pub file_lasts: Option<Duration>,
    /// What the app says about itself, for the server's log.
    pub user_agent: String,
}

impl Config {
    /// The usual terms ([`Terms::default`]), and files as long as the policy says.
    pub fn new(api_url: &str, product: ProductId, public_keys: Vec<PublicKey>) -> Self {
        Self {
            api_url: normal(api_url),
            product,
            public_keys,
            terms: Terms::default(),
            file_lasts: None,
            user_agent: concat!("latchkey-client/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The URL without slashes at its end, and with scheme and host in small letters, as the server signs them.
fn normal(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    url[..path].to_ascii_lowercase() + &url[path..]
}

/// Where the client's time comes from.
pub trait Clock {
    /// Now, by this computer's clock.
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
    fn urls_are_spelled_as_they_are_signed() {
        for (given, spelled) in [
            ("https://api.example.com", "https://api.example.com"),
            ("HTTPS://API.Example.com:8443/Licenses/", "https://api.example.com:8443/Licenses"),
            ("http://localhost:3000//", "http://localhost:3000"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(normal(given), spelled);
        }
    }
}
