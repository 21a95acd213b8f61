//! Whether the process lives, and whether it can serve.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use latchkey_service::Service;

pub(crate) fn router(service: Service) -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).with_state(service)
}

async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    let answer = async { service.store().read().await?.count_products().await };
    match answer.await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
