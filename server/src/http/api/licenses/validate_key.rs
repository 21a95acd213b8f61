//! `POST /v1/licenses/actions/validate-key`

use axum::extract::State;
use latchkey_licensing::validation::NOT_FOUND;
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
        rate_limit,
        responses::{BodyErrors, OptionalKeyErrors},
    },
    state::AppState,
};

/// Validates a license key for a scope; answers 200 also where the key is unknown.
#[utoipa::path(
    post,
    path = "/v1/licenses/actions/validate-key",
    tag = "Licenses",
    operation_id = "validateKey",
    request_body(content = request::Validate, description = "`meta.key` is required"),
    responses(
        (status = 200, description = "The verdict, also for keys that are not known: then `data` is null and `meta.code` is `NOT_FOUND`", body = Validation),
        (status = 401, description = "Only with a credential that is no good", body = ErrorDocument),
        BodyErrors,
        OptionalKeyErrors,
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
