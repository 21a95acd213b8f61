//! The memory allocations of requests on the hot paths, counted.
//!
//! A separate process with one thread, because all allocations of the thread are counted. Those of the database's own threads are not.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../it/support/app.rs"]
#[expect(dead_code, reason = "shared with the larger suite")]
mod app;

use std::net::SocketAddr;

use allocation_counter::measure;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, header, request},
};
use latchkey_server::{http, settings::Settings};
use latchkey_testkit::Backend;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use app::TestApp;

/// The router, as the listener calls it.
struct Server<'a> {
    runtime: &'a Runtime,
    router: Router,
    address: SocketAddr,
}

impl Server<'_> {
    fn request(&self, method: &str, path: &str) -> request::Builder {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
        Request::builder().method(method).uri(path).header(header::HOST, self.address.to_string()).extension(peer)
    }

    /// The fewest allocations of several equal requests: the first ones fill caches.
    fn cost(&self, request: impl Fn() -> Request<Body>) -> u64 {
        let counts = (0..10).map(|_| {
            let (request, router) = (request(), self.router.clone());
            let mut status = StatusCode::IM_A_TEAPOT;
            let counted = measure(|| {
                status = self.runtime.block_on(async {
                    let Ok(answer) = router.oneshot(request).await;
                    let (parts, body) = answer.into_parts();
                    to_bytes(body, usize::MAX).await.expect("a body");
                    parts.status
                });
            });
            assert_eq!(status, StatusCode::OK);
            counted.count_total
        });
        counts.min().unwrap_or_default()
    }
}

#[test]
fn requests_allocate_little() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let app = runtime.block_on(TestApp::start(Backend::Sqlite));
    let issued = runtime.block_on(app.issue("ada@example.com"));
    let (id, key) = (issued.view.license.id, issued.key.expose());
    runtime.block_on(app.desktop(Some(key)).activate("office"));
    let browser = runtime.block_on(app.customer("ada@example.com"));
    let mut settings = Settings::default();
    settings.server.listen = app.address;
    let router = http::router(app.service().clone(), &settings).expect("the settings are valid");
    let server = Server { runtime: &runtime, router, address: app.address };

    let validation = server.cost(|| {
        let body = json!({ "meta": { "key": key, "scope": { "fingerprint": "office" } } });
        let request = server.request("POST", "/v1/licenses/actions/validate-key");
        request
            .header(header::CONTENT_TYPE, "application/vnd.api+json")
            .body(body.to_string().into())
            .expect("a request")
    });
    let cookies = browser.cookies();
    let license_page = server.cost(|| {
        let request = server.request("GET", &format!("/portal/licenses/{id}"));
        request.header(header::COOKIE, &cookies).body(Body::empty()).expect("a request")
    });
    let documentation = server.cost(|| server.request("GET", "/docs").body(Body::empty()).expect("a request"));
    let health = server.cost(|| server.request("GET", "/healthz").body(Body::empty()).expect("a request"));

    // What was counted when these bounds were set: 273, 3,829, 27 and 49.
    assert!(validation <= 300, "{validation} allocations for a validation");
    assert!(license_page <= 4_200, "{license_page} allocations for a license page");
    assert!(documentation <= 30, "{documentation} allocations for a documentation page");
    assert!(health <= 55, "{health} allocations for a health check");
}
