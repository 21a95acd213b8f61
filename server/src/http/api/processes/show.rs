//! `GET /v1/processes/{process}`

use axum::{extract::State, response::IntoResponse};
use latchkey_wire::{document::One, parts::ProcessAttributes};

use crate::http::{
    api::{
        auth::Authenticated, documents::resources::Document, error::ApiError, input::PathParam,
        openapi::responses::NamedErrors, processes,
    },
    state::AppState,
};

/// Shows a process on an active machine.
#[utoipa::path(
    get,
    path = "/v1/processes/{process}",
    tag = "Processes",
    operation_id = "showProcess",
    params(("process" = String, Path, description = "The process's id")),
    responses((status = 200, description = "The process", body = One<ProcessAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(id): PathParam,
) -> Result<impl IntoResponse, ApiError> {
    let process = app.process(&id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Document(One { data: processes::resource(&process, &state.account())? }))
}
