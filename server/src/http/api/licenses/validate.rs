//! Validation, and the ping by which a client sees that the server is there.

use axum::extract::State;
use latchkey_licensing::validation::{NOT_FOUND, Scope, Verdict};
use latchkey_service::LicenseDocument;
use latchkey_wire::{
    document::{Pong, PongMeta, Validation, ValidationMeta},
    error::{ErrorCode, ErrorDocument},
    request,
};

use crate::http::{
    api::{
        auth::{Authenticated, MaybeAuthenticated},
        documents::resources::{self, Document},
        error::ApiError,
        input::{self, Json, PathParam},
        rate_limit,
    },
    state::AppState,
};

/// Says that the server is there.
#[utoipa::path(
    get,
    path = "/v1/ping",
    tag = "Server",
    operation_id = "ping",
    responses(
        (status = 200, description = "The server is there", body = Pong, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
)]
pub(crate) async fn ping() -> Document<Pong> {
    Document(Pong { meta: PongMeta { ok: true } })
}

/// Validates a license key for a scope; answers 200 also where the key is unknown.
#[utoipa::path(
    post,
    path = "/v1/licenses/actions/validate-key",
    tag = "Licenses",
    operation_id = "validateKey",
    request_body(content = request::Validate, content_type = "application/vnd.api+json", description = "`meta.key` is required"),
    responses(
        (status = 200, description = "The verdict, also for keys that are not known: then `data` is null and `meta.code` is `NOT_FOUND`", body = Validation, content_type = "application/vnd.api+json"),
        (status = 400, description = "`DOCUMENT_INVALID`: the body cannot be read; `source.pointer` names the place", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "Only with a credential that is no good", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn validate_key(
    State(state): State<AppState>,
    credential: MaybeAuthenticated,
    Json(body): Json<request::Validate>,
) -> Result<Document<Validation>, ApiError> {
    let key =
        body.meta.key.as_deref().filter(|key| !key.is_empty()).ok_or_else(|| {
            ApiError::new(ErrorCode::DocumentInvalid, "The body names no license key.").at("/meta/key")
        })?;
    // A key in the header has been counted already.
    if !credential.is_authenticated {
        rate_limit::check_key(&state, key).await?;
    }
    let scope = read_scope(&body.meta)?;
    let found = state.service.apps().validate_key(key, &scope).await?;
    let (verdict, license) = match found {
        Some((verdict, license)) => (verdict, Some(license)),
        None => (NOT_FOUND, None),
    };
    answer(&state, verdict, license.as_ref(), body.meta)
}

/// Validates the license for a scope.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/validate",
    tag = "Licenses",
    operation_id = "validate",
    params(("license" = String, Path, description = "The license's id or key")),
    request_body(content = request::Validate, content_type = "application/vnd.api+json", description = "All of it may be left out"),
    responses(
        (status = 200, description = "The verdict", body = Validation, content_type = "application/vnd.api+json"),
        (status = 400, description = "`DOCUMENT_INVALID`: the body cannot be read; `source.pointer` names the place", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn validate(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    Json(body): Json<request::Validate>,
) -> Result<Document<Validation>, ApiError> {
    if !app.is_named(&license) {
        return Err(ApiError::not_found());
    }
    let scope = read_scope(&body.meta)?;
    let (verdict, license) = app.validate(&scope).await?;
    answer(&state, verdict, Some(&license), body.meta)
}

fn read_scope(meta: &request::ValidateMeta) -> Result<Scope, ApiError> {
    let Some(given) = &meta.scope else {
        return Ok(Scope::default());
    };
    let scope: request::Scope = input::read_part(given, "/meta/scope")?;
    let fingerprints = match (scope.fingerprint, scope.fingerprints) {
        (None, several) => several,
        (Some(one), None) => Some(vec![one]),
        (Some(one), Some(several)) => Some(std::iter::once(one).chain(several).collect()),
    };
    Ok(Scope {
        product: scope.product,
        policy: scope.policy,
        user: scope.user,
        entitlements: scope.entitlements,
        machine: scope.machine,
        fingerprints,
        environment: scope.environment,
        components: scope.components,
        checksum: scope.checksum,
        version: scope.version,
    })
}

fn answer(
    state: &AppState,
    verdict: Verdict,
    license: Option<&LicenseDocument>,
    asked: request::ValidateMeta,
) -> Result<Document<Validation>, ApiError> {
    let account = state.account()?;
    Ok(Document(Validation {
        data: license.map(|license| resources::license(license, &account)),
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
