//! `GET /v1/licenses/{license}/machines/{machine}`

use axum::extract::State;
use latchkey_wire::document::{MachineAttributes, One};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::PathParams,
        licenses::check_name,
        openapi::responses::NamedErrors,
    },
    state::AppState,
};

/// Shows one of the license's active machines.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/machines/{machine}",
    tag = "Licenses",
    operation_id = "showMachineOfLicense",
    params(
        ("license" = String, Path, description = "The license's id or key"),
        ("machine" = String, Path, description = "The machine's id or fingerprint")
    ),
    responses((status = 200, description = "The machine", body = One<MachineAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn machine(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParams(license, machine): PathParams,
) -> Result<Document<One<MachineAttributes>>, ApiError> {
    check_name(&app, &license)?;
    let machine = app.machine(&machine).await?.ok_or_else(ApiError::not_found)?;
    Ok(Document(One { data: resources::machine(&machine, &state.account())? }))
}
