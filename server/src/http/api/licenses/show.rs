//! `GET /v1/licenses/{license}`

use axum::extract::State;
use latchkey_wire::document::{LicenseAttributes, One};

use crate::http::{
    api::{
        auth::AuthenticatedWithMachines,
        documents::resources::{self, Document},
        error::ApiError,
        input::PathParam,
        licenses::check_name,
        openapi::responses::NamedErrors,
    },
    state::AppState,
};

/// Shows the license.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}",
    tag = "Licenses",
    operation_id = "showLicense",
    params(("license" = String, Path, description = "The license's id or key")),
    responses((status = 200, description = "The license", body = One<LicenseAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    AuthenticatedWithMachines(app): AuthenticatedWithMachines,
    PathParam(license): PathParam,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    check_name(&app, &license)?;
    Ok(Document(One { data: resources::license(&app.license().await?, &state.account())? }))
}
