//! `POST /v1/licenses/{license}/actions/validate`

use axum::extract::State;
use latchkey_licensing::validation::{Scope, Verdict};
use latchkey_service::LicenseDocument;
use latchkey_wire::{
    document::{Validation, ValidationMeta},
    request,
};

use crate::http::{
    api::{
        auth::AuthenticatedWithMachines,
        documents::resources::{self, Document},
        error::ApiError,
        input::{self, Json, PathParam},
        licenses::check_name,
        openapi::responses::{BodyErrors, NamedErrors},
    },
    state::AppState,
};

/// Validates the license for a scope.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/validate",
    tag = "Licenses",
    operation_id = "validate",
    params(("license" = String, Path, description = "The license's id or key")),
    request_body(content = request::Validate, description = "Everything in it is optional"),
    responses((status = 200, description = "The result", body = Validation), BodyErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn validate(
    State(state): State<AppState>,
    AuthenticatedWithMachines(app): AuthenticatedWithMachines,
    PathParam(license): PathParam,
    Json(body): Json<request::Validate>,
) -> Result<Document<Validation>, ApiError> {
    check_name(&app, &license)?;
    let scope = read_scope(&body.meta)?;
    let (verdict, license) = app.validate(&scope).await?;
    answer(&state, verdict, Some(&license), body.meta.0)
}

/// Validates the license without a scope.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/actions/validate",
    tag = "Licenses",
    operation_id = "quickValidate",
    params(("license" = String, Path, description = "The license's id or key")),
    responses((status = 200, description = "The result", body = Validation), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn quick_validate(
    State(state): State<AppState>,
    AuthenticatedWithMachines(app): AuthenticatedWithMachines,
    PathParam(license): PathParam,
) -> Result<Document<Validation>, ApiError> {
    check_name(&app, &license)?;
    let (verdict, license) = app.validate(&Scope::default()).await?;
    answer(&state, verdict, Some(&license), request::ValidateMeta::default())
}

/// The scope for which the license is validated.
pub(super) fn read_scope(meta: &request::ValidateMeta) -> Result<Scope, ApiError> {
    let Some(given) = &meta.scope else {
        return Ok(Scope::default());
    };
    let scope: request::Scope = input::read_part(given, "/meta/scope")?;
    Ok(Scope {
        product: scope.product,
        policy: scope.policy,
        user: scope.user,
        entitlements: scope.entitlements,
        machine: scope.machine,
        fingerprint: scope.fingerprint,
        fingerprints: scope.fingerprints,
        environment: scope.environment,
        components: scope.components,
        checksum: scope.checksum,
        version: scope.version,
    })
}

/// The result as a document.
pub(super) fn answer(
    state: &AppState,
    verdict: Verdict,
    license: Option<&LicenseDocument>,
    asked: request::ValidateMeta,
) -> Result<Document<Validation>, ApiError> {
    let account = state.account();
    Ok(Document(Validation {
        data: license.map(|license| resources::license(license, &account)).transpose()?,
        meta: ValidationMeta {
            ts: state.service.now().rfc3339(),
            valid: verdict.is_valid,
            detail: verdict.detail.to_owned(),
            code: verdict.code.as_str(),
            scope: asked.scope.unwrap_or_default(),
            nonce: asked.nonce.map(serde_json::Value::Number),
        },
    }))
}
