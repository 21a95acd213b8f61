//! `GET /v1/me`

use axum::extract::State;
use latchkey_wire::document::{LicenseAttributes, One};

use crate::http::{
    api::{
        auth::AuthenticatedWithMachines,
        documents::resources::{self, Document},
        error::ApiError,
        openapi::responses::KeyErrors,
    },
    state::AppState,
};

/// Shows the license whose key is sent.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Licenses",
    operation_id = "me",
    responses((status = 200, description = "The license whose key was sent", body = One<LicenseAttributes>), KeyErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn me(
    State(state): State<AppState>,
    AuthenticatedWithMachines(app): AuthenticatedWithMachines,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    Ok(Document(One { data: resources::license(&app.license().await?, &state.account())? }))
}
