//! Metrics are served on an address of their own.

use reqwest::{Client, StatusCode};

use crate::support::host::Host;

#[tokio::test]
async fn metrics_are_served_on_their_own_address_only() {
    let host = Host::with_products();
    let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = probe.local_addr().expect("an address").to_string();
    drop(probe);
    let server = host.serve(&[], &[("LATCHKEY__METRICS__LISTEN", &address)]);
    let get = async |address: &str| {
        let response = Client::new().get(format!("http://{address}/metrics")).send().await.expect("a response");
        (response.status(), response.text().await.expect("text"))
    };
    let (status, text) = get(&address).await;
    assert_eq!(status, StatusCode::OK);
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.and_then(|value| value.parse::<u64>().ok()).unwrap_or_else(|| panic!("{name} is not in {text}"))
    };
    assert!(value("latchkey_statements_total") > 0);
    assert!(value("latchkey_commits_total") <= value("latchkey_begins_total"));
    assert!(
        text.contains(
            "latchkey_query_duration_seconds_bucket{table=\"products\",query=\"count_products\",le=\"+Inf\"} 1"
        )
    );
    assert_eq!(get(&server.address).await.0, StatusCode::NOT_FOUND);
    assert!(server.stop());
}
