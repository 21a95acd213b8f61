//! The client's address: the peer's, or the one that trusted proxies report.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use latchkey_service::ClientAddress;

/// Adds the client's address to the request, which has passed through `proxies` trusted proxies.
pub(crate) async fn find_address(State(proxies): State<usize>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let address = address(request.headers(), peer, proxies);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// Each proxy appends the address that it saw, so only the entries from the right can be trusted: with n
/// proxies, the client is the n-th from the right. If that entry is missing or malformed, the peer's address
/// is used.
fn address(headers: &HeaderMap, peer: IpAddr, proxies: usize) -> IpAddr {
    if proxies == 0 {
        return peer;
    }
    let all: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let named = all.len().checked_sub(proxies).and_then(|index| all.get(index));
    named.and_then(|text| text.parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &[&str], proxies: usize) -> String {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        address(&headers, IpAddr::V4(Ipv4Addr::LOCALHOST), proxies).to_string()
    }

    #[test]
    fn only_the_entries_of_trusted_proxies_count() {
        assert_eq!(found(&["203.0.113.9"], 0), "127.0.0.1");
        assert_eq!(found(&["203.0.113.9"], 1), "203.0.113.9");
        assert_eq!(found(&["1.2.3.4, 203.0.113.9"], 1), "203.0.113.9");
        assert_eq!(found(&["1.2.3.4", "203.0.113.9, 10.0.0.1"], 2), "203.0.113.9");
        assert_eq!(found(&["203.0.113.9"], 2), "127.0.0.1");
        assert_eq!(found(&["junk"], 1), "127.0.0.1");
        assert_eq!(found(&[], 1), "127.0.0.1");
    }
}
