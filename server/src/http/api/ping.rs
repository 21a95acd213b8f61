//! `GET /v1/ping`

use axum::extract::State;
use latchkey_wire::document::{Pong, PongMeta};

use crate::http::{
    api::{documents::resources::Document, error::ApiError, openapi::responses::LimitErrors, rate_limit::Anonymous},
    state::AppState,
};

/// Reports that the server is reachable.
#[utoipa::path(
    get,
    path = "/v1/ping",
    tag = "Server",
    operation_id = "ping",
    responses((status = 200, description = "The server is reachable", body = Pong), LimitErrors),
)]
pub(crate) async fn ping(State(state): State<AppState>, network: Anonymous) -> Result<Document<Pong>, ApiError> {
    network.count(&state).await?;
    Ok(Document(Pong { meta: PongMeta { ok: true } }))
}
