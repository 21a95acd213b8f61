//! `GET /v1/licenses/{license}/entitlements/{entitlement}`, and the same without the license

use axum::extract::State;
use latchkey_service::KeyHolder;
use latchkey_wire::document::{EntitlementAttributes, One};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::{PathParam, PathParams},
        licenses::check_name,
        openapi::responses::NamedErrors,
    },
    state::AppState,
};

/// Shows one of the entitlements of the policy and the license.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/entitlements/{entitlement}",
    tag = "Licenses",
    operation_id = "showEntitlementOfLicense",
    params(
        ("license" = String, Path, description = "The license's id or key"),
        ("entitlement" = String, Path, description = "The entitlement's id or code")
    ),
    responses((status = 200, description = "The entitlement", body = One<EntitlementAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn of_license(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParams(license, entitlement): PathParams,
) -> Result<Document<One<EntitlementAttributes>>, ApiError> {
    check_name(&app, &license)?;
    find(&state, &app, &entitlement).await
}

/// Shows an entitlement that the license whose key is sent has.
#[utoipa::path(
    get,
    path = "/v1/entitlements/{entitlement}",
    tag = "Licenses",
    operation_id = "showEntitlement",
    params(("entitlement" = String, Path, description = "The entitlement's id or code")),
    responses((status = 200, description = "The entitlement", body = One<EntitlementAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(entitlement): PathParam,
) -> Result<Document<One<EntitlementAttributes>>, ApiError> {
    find(&state, &app, &entitlement).await
}

async fn find(state: &AppState, app: &KeyHolder, name: &str) -> Result<Document<One<EntitlementAttributes>>, ApiError> {
    let held = app.entitlement(name).await?.ok_or_else(ApiError::not_found)?;
    Ok(Document(One { data: resources::entitlement(&held, &state.account()) }))
}
