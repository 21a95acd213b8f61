//! Whether the process is running, and whether it can serve requests.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use latchkey_service::Service;

/// They are answered even if there are too many connections.
pub(crate) const PATHS: [&str; 2] = ["/healthz", "/readyz"];

pub(crate) fn router(service: Service) -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).with_state(service)
}

async fn ready(State(service): State<Service>) -> Response {
    // A server that cannot write is not ready, even if it can read.
    match service.store().check_writer().await {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready: the database does not accept writes");
            let retry_after = [(header::RETRY_AFTER, "5")];
            (StatusCode::SERVICE_UNAVAILABLE, retry_after, "the database does not accept writes\n").into_response()
        }
    }
}
