//! `GET /v1/machines/{machine}/license`

use axum::extract::State;
use latchkey_wire::document::{LicenseAttributes, One};

use crate::http::{
    api::{
        auth::AuthenticatedWithMachines,
        documents::resources::{self, Document},
        error::ApiError,
        input::PathParam,
        openapi::responses::NamedErrors,
    },
    state::AppState,
};

/// Shows the license that is active on a machine.
#[utoipa::path(
    get,
    path = "/v1/machines/{machine}/license",
    tag = "Machines",
    operation_id = "showMachineLicense",
    params(("machine" = String, Path, description = "The machine's id or fingerprint")),
    responses((status = 200, description = "The license", body = One<LicenseAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn license(
    State(state): State<AppState>,
    AuthenticatedWithMachines(app): AuthenticatedWithMachines,
    PathParam(machine): PathParam,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    app.machine(&machine).await?.ok_or_else(ApiError::not_found)?;
    Ok(Document(One { data: resources::license(&app.license().await?, &state.account())? }))
}
