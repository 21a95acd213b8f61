//! The client's address: the peer's, or the one that trusted proxies report.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use latchkey_service::ClientAddress;

use crate::settings::{Server, TrustedProxies, forwarded_address};

/// The header to which each proxy appends the address that it saw.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose header is believed.
#[derive(Clone, Debug)]
pub(crate) struct Proxies {
    trusted: TrustedProxies,
    hops: Option<usize>,
}

impl Proxies {
    pub(crate) fn new(server: &Server) -> Self {
        Self { trusted: server.trusted_proxies.clone(), hops: server.proxy_hops }
    }

    /// The address of the client behind `peer`.
    ///
    /// Only entries from the right can be trusted, because a client can send the header with entries of its own. With n proxies,
    /// the client is the n-th from the right. Of proxies that are known by their networks, it is the first outside these. If
    /// the entry is missing or cannot be read, the peer's address is used.
    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusted.contain(peer) {
            return peer;
        }
        let values = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|value| value.to_str().ok());
        let mut entries = values.flat_map(|value| value.rsplit(','));
        let hops = match self.trusted {
            TrustedProxies::Count(count) => Some(count),
            TrustedProxies::Networks(_) => self.hops,
        };
        match hops {
            Some(hops) => entries.nth(hops.saturating_sub(1)).and_then(read).unwrap_or(peer),
            None => self.first_outside(entries, peer),
        }
    }

    fn first_outside<'a>(&self, entries: impl Iterator<Item = &'a str>, peer: IpAddr) -> IpAddr {
        let mut nearest = peer;
        for entry in entries {
            let Some(address) = read(entry) else {
                return nearest;
            };
            nearest = address;
            if !self.trusted.contain(address) {
                break;
            }
        }
        nearest
    }
}

/// Reads an entry. The first one that cannot be read is logged, because then clients share the limits of the proxy.
fn read(entry: &str) -> Option<IpAddr> {
    static IS_LOGGED: AtomicBool = AtomicBool::new(false);
    let address = forwarded_address(entry);
    if address.is_none() && !IS_LOGGED.swap(true, Ordering::Relaxed) {
        tracing::warn!("X-Forwarded-For contains an entry that is no address, so the proxy's address is used");
    }
    address
}

/// Adds the client's address to the request.
pub(crate) async fn find_address(State(proxies): State<Arc<Proxies>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let address = proxies.client(request.headers(), peer);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &[&str], peer: &str, proxies: &str, hops: Option<usize>) -> String {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append(FORWARDED_FOR, value.parse().expect("a header"));
        }
        let trusted = match proxies.parse() {
            Ok(count) => TrustedProxies::Count(count),
            Err(_) => TrustedProxies::Networks(
                proxies.split(',').map(|network| network.parse().expect("a network")).collect(),
            ),
        };
        let peer = peer.parse().expect("an address");
        Proxies { trusted, hops }.client(&headers, peer).to_string()
    }

    /// WH-11: whatever a client writes into the header has no effect.
    #[test]
    fn wh_11_only_the_entries_of_trusted_proxies_count() {
        const CLIENT: &str = "203.0.113.9";
        const PEER: &str = "127.0.0.1";
        let counted: &[(&[&str], &str, &str)] = &[
            (&[CLIENT], "0", PEER),
            (&["1.2.3.4, 203.0.113.9"], "0", PEER),
            (&[CLIENT], "1", CLIENT),
            (&["1.2.3.4, 203.0.113.9"], "1", CLIENT),
            (&["1.2.3.4", CLIENT], "1", CLIENT),
            (&["1.2.3.4", "5.6.7.8, 203.0.113.9"], "1", CLIENT),
            (&["1.2.3.4", "203.0.113.9, 10.0.0.1"], "2", CLIENT),
            (&["203.0.113.9,10.0.0.1"], "2", CLIENT),
            (&["127.0.0.1, 203.0.113.9, 10.0.0.1"], "2", CLIENT),
            (&[CLIENT], "2", PEER),
            (&["junk"], "1", PEER),
            (&["203.0.113.9, junk"], "1", PEER),
            (&["junk, 203.0.113.9"], "1", CLIENT),
            (&[""], "1", PEER),
            (&["203.0.113.9,"], "1", PEER),
            (&["unknown"], "1", PEER),
            (&["_hidden"], "1", PEER),
            (&["203.0.113.9; for=1.2.3.4"], "1", PEER),
            (&[], "1", PEER),
            (&["203.0.113.9:50000"], "1", CLIENT),
            (&["1.2.3.4:1, 203.0.113.9:50000"], "1", CLIENT),
            (&["203.0.113.9:99999"], "1", PEER),
            (&["[2001:db8::1]:443"], "1", "2001:db8::1"),
            (&["[2001:db8::1]"], "1", "2001:db8::1"),
            (&["2001:db8::1"], "1", "2001:db8::1"),
            (&["[2001:db8::1"], "1", PEER),
            (&["::ffff:203.0.113.9"], "1", CLIENT),
            (&["[::ffff:203.0.113.9]:443"], "1", CLIENT),
            (&["  203.0.113.9  "], "1", CLIENT),
        ];
        for (header, proxies, client) in counted {
            assert_eq!(found(header, PEER, proxies, None), *client, "{header:?} behind {proxies}");
        }
        let known: &[(&[&str], &str, Option<usize>, &str)] = &[
            // The peer is no proxy, so it writes the header itself.
            (&["1.2.3.4"], "198.51.100.1", None, "198.51.100.1"),
            (&["1.2.3.4"], "198.51.100.1", Some(1), "198.51.100.1"),
            (&[CLIENT], "10.0.0.1", None, CLIENT),
            (&["1.2.3.4, 203.0.113.9, 10.0.0.2"], "10.0.0.1", None, CLIENT),
            (&["10.0.0.9, 203.0.113.9, 10.0.0.2"], "10.0.0.1", None, CLIENT),
            (&["1.2.3.4, 203.0.113.9:443, 10.0.0.2:80"], "10.0.0.1", None, CLIENT),
            // A client inside the networks.
            (&["10.0.0.7"], "10.0.0.1", None, "10.0.0.7"),
            (&["1.2.3.4, junk, 10.0.0.2"], "10.0.0.1", None, "10.0.0.2"),
            (&[], "10.0.0.1", None, "10.0.0.1"),
            (&["1.2.3.4, 203.0.113.9, 192.0.2.1"], "10.0.0.1", Some(2), CLIENT),
            (&["203.0.113.9"], "10.0.0.1", Some(2), "10.0.0.1"),
            (&[CLIENT], "::ffff:10.0.0.1", None, CLIENT),
            (&[CLIENT], "fd00::1", None, CLIENT),
        ];
        for (header, peer, hops, client) in known {
            assert_eq!(found(header, peer, "10.0.0.0/8,fd00::/8", *hops), *client, "{header:?} from {peer}, {hops:?}");
        }
        assert_eq!(found(&[], "::ffff:192.0.2.1", "0", None), "192.0.2.1");
        assert!(counted.len() + known.len() >= 30);
    }
}
