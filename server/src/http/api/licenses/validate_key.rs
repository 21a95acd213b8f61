//! `POST /v1/licenses/actions/validate-key`

use axum::extract::State;
use latchkey_licensing::validation::NOT_FOUND;
use latchkey_service::KeyRequest;
use latchkey_wire::{
    document::Validation,
    error::{ErrorCode, ErrorDocument},
    request,
};

use crate::http::{
    api::{
        auth::MaybeAuthenticated,
        documents::resources::Document,
        error::ApiError,
        input::Json,
        licenses::validate::{answer, read_scope},
        openapi::responses::{BodyErrors, OptionalKeyErrors},
        rate_limit::{self, Anonymous},
    },
    state::AppState,
};

/// Validates a license key for a scope. The status is 200 even if the key is unknown.
#[utoipa::path(
    post,
    path = "/v1/licenses/actions/validate-key",
    tag = "Licenses",
    operation_id = "validateKey",
    request_body(content = request::ValidateKey, description = "`meta.key` is required"),
    responses(
        (status = 200, description = "The result. For an unknown key, `data` is null and `meta.code` is `NOT_FOUND`", body = Validation),
        (status = 401, description = "Only if an invalid credential is sent", body = ErrorDocument),
        BodyErrors,
        OptionalKeyErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn validate_key(
    State(state): State<AppState>,
    credential: MaybeAuthenticated,
    network: Anonymous,
    body: Result<Json<request::Validate>, ApiError>,
) -> Result<Document<Validation>, ApiError> {
    // A key in the header has already been counted. A body without a key counts against its network.
    let counts = !credential.is_authenticated;
    let body = match body.and_then(with_key) {
        Ok(body) => body,
        Err(error) => {
            if counts {
                network.count(&state).await?;
            }
            return Err(error);
        }
    };
    let key = body.meta.key.as_deref().unwrap_or_default();
    let scope = read_scope(&body.meta)?;
    let request = KeyRequest { counts, ..KeyRequest::new(key, network.0) };
    let found = state.service.apps().validate_key(request, &scope).await;
    let found = found.map_err(|refusal| rate_limit::not_admitted(&state, refusal))?;
    let (verdict, license) = match found {
        Some((verdict, license)) => (verdict, Some(license)),
        None => (NOT_FOUND, None),
    };
    answer(&state, verdict, license.as_ref(), body.meta.0)
}

/// A body with a key.
fn with_key(Json(body): Json<request::Validate>) -> Result<request::Validate, ApiError> {
    if body.meta.key.as_deref().is_none_or(str::is_empty) {
        return Err(ApiError::new(ErrorCode::DocumentInvalid, "The body contains no license key.").at("/meta/key"));
    }
    Ok(body)
}
