//! `POST /v1/machines/{machine}/actions/ping`, and the same under the name that older clients use

use axum::extract::State;
use latchkey_service::{HeartbeatError, KeyHolder};
use latchkey_wire::{
    document::{MachineAttributes, One},
    error::{ErrorCode, ErrorDocument},
};

use crate::http::{
    api::{
        auth::AuthenticatedHeartbeat,
        documents::resources::{self, Document},
        error::ApiError,
        input::{NoParameters, PathParam},
        openapi::responses::{BodyErrors, NamedErrors},
    },
    state::AppState,
};

/// Receives a heartbeat.
#[utoipa::path(
    post,
    path = "/v1/machines/{machine}/actions/ping",
    tag = "Machines",
    operation_id = "pingMachine",
    params(("machine" = String, Path, description = "The machine's id or fingerprint")),
    responses(
        (status = 200, description = "The machine", body = One<MachineAttributes>),
        (status = 422, description = "`MACHINE_HEARTBEAT_DEAD`: activate it again", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn ping(
    State(state): State<AppState>,
    AuthenticatedHeartbeat(app): AuthenticatedHeartbeat,
    PathParam(name): PathParam,
    _: NoParameters,
) -> Result<Document<One<MachineAttributes>>, ApiError> {
    receive(&state, &app, &name).await
}

/// Receives a heartbeat, as `ping` does.
#[utoipa::path(
    post,
    path = "/v1/machines/{machine}/actions/ping-heartbeat",
    tag = "Machines",
    operation_id = "pingMachineHeartbeat",
    params(("machine" = String, Path, description = "The machine's id or fingerprint")),
    responses(
        (status = 200, description = "The machine", body = One<MachineAttributes>),
        (status = 422, description = "`MACHINE_HEARTBEAT_DEAD`: activate it again", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn ping_heartbeat(
    State(state): State<AppState>,
    AuthenticatedHeartbeat(app): AuthenticatedHeartbeat,
    PathParam(name): PathParam,
    _: NoParameters,
) -> Result<Document<One<MachineAttributes>>, ApiError> {
    receive(&state, &app, &name).await
}

async fn receive(state: &AppState, app: &KeyHolder, name: &str) -> Result<Document<One<MachineAttributes>>, ApiError> {
    let machine = app.ping_machine(name).await.map_err(|error| match error {
        HeartbeatError::NotFound => ApiError::not_found(),
        HeartbeatError::Dead => {
            ApiError::new(ErrorCode::MachineHeartbeatDead, "The machine missed its heartbeats: activate it again.")
        }
        HeartbeatError::Refused(refusal) => refusal.into(),
        HeartbeatError::Internal(error) => error.into(),
    })?;
    Ok(Document(One { data: resources::machine(&machine, &state.account())? }))
}
