//! `POST /v1/processes/{process}/actions/ping`

use axum::{extract::State, response::IntoResponse};
use latchkey_service::HeartbeatError;
use latchkey_wire::{
    document::One,
    error::{ErrorCode, ErrorDocument},
    parts::ProcessAttributes,
};

use crate::http::{
    api::{
        auth::AuthenticatedProcess,
        documents::resources::Document,
        error::ApiError,
        input::{NoParameters, PathParam},
        openapi::responses::{BodyErrors, NamedErrors},
        processes,
    },
    state::AppState,
};

/// Receives a heartbeat of a process.
#[utoipa::path(
    post,
    path = "/v1/processes/{process}/actions/ping",
    tag = "Processes",
    operation_id = "pingProcess",
    params(("process" = String, Path, description = "The process's id")),
    responses(
        (status = 200, description = "The process", body = One<ProcessAttributes>),
        (status = 422, description = "`PROCESS_HEARTBEAT_DEAD`: spawn it again", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn ping(
    State(state): State<AppState>,
    AuthenticatedProcess(app): AuthenticatedProcess,
    PathParam(id): PathParam,
    _: NoParameters,
) -> Result<impl IntoResponse, ApiError> {
    let process = app.ping_process(&id).await.map_err(|error| match error {
        HeartbeatError::NotFound => ApiError::not_found(),
        HeartbeatError::Dead => {
            ApiError::new(ErrorCode::ProcessHeartbeatDead, "The process missed its heartbeats: spawn it again.")
        }
        HeartbeatError::Refused(refusal) => refusal.into(),
        HeartbeatError::Internal(error) => error.into(),
    })?;
    Ok(Document(One { data: processes::resource(&process, &state.account())? }))
}
