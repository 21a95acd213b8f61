//! `POST /v1/licenses/{license}/actions/check-in`

use axum::extract::State;
use latchkey_wire::document::{LicenseAttributes, One};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::{NoParameters, PathParam},
        licenses::check_name,
        openapi::responses::{BodyErrors, NamedErrors},
    },
    state::AppState,
};

/// Checks in, which a policy can require regularly.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/check-in",
    tag = "Licenses",
    operation_id = "checkIn",
    params(("license" = String, Path, description = "The license's id or key")),
    responses((status = 200, description = "The license", body = One<LicenseAttributes>), BodyErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn check_in(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    _: NoParameters,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    check_name(&app, &license)?;
    Ok(Document(One { data: resources::license(&app.check_in().await?, &state.account())? }))
}
