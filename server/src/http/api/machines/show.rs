//! `GET /v1/machines/{machine}`

use axum::{extract::State, response::IntoResponse};
use latchkey_wire::document::{MachineAttributes, One};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::PathParam,
        openapi::responses::NamedErrors,
    },
    state::AppState,
};

/// Shows an active machine.
#[utoipa::path(
    get,
    path = "/v1/machines/{machine}",
    tag = "Machines",
    operation_id = "showMachine",
    params(("machine" = String, Path, description = "The machine's id or fingerprint")),
    responses((status = 200, description = "The machine", body = One<MachineAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(name): PathParam,
) -> Result<impl IntoResponse, ApiError> {
    let machine = app.machine(&name).await?.ok_or_else(ApiError::not_found)?;
    Ok(Document(One { data: resources::machine(&machine, &state.account())? }))
}
