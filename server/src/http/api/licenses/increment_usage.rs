//! `POST /v1/licenses/{license}/actions/increment-usage`

use axum::extract::State;
use latchkey_service::UseError;
use latchkey_wire::{
    document::{LicenseAttributes, One},
    error::{ErrorCode, ErrorDocument},
    request::IncrementUsage,
};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::{Json, PathParam},
        licenses::check_name,
        openapi::responses::{BodyErrors, NamedErrors},
    },
    state::AppState,
};

/// Increases the usage counter. The limit is exact for any number of concurrent callers.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/increment-usage",
    tag = "Licenses",
    operation_id = "incrementUsage",
    params(("license" = String, Path, description = "The license's id or key")),
    request_body(content = IncrementUsage, description = "Without a body the counter increases by one"),
    responses(
        (status = 200, description = "The license", body = One<LicenseAttributes>),
        (status = 422, description = "`USES_LIMIT_EXCEEDED`: nothing was counted; `ATTRIBUTE_INVALID`", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn increment_usage(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    Json(body): Json<IncrementUsage>,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    check_name(&app, &license)?;
    let by = body.meta.increment.unwrap_or(1);
    if by == 0 || i32::try_from(by).is_err() {
        let detail = format!("The increment must be a number from 1 to {}.", i32::MAX);
        return Err(ApiError::new(ErrorCode::AttributeInvalid, detail).at("/meta/increment"));
    }
    let license = app.increment_uses(by).await?;
    Ok(Document(One { data: resources::license(&license, &state.account())? }))
}

impl From<UseError> for ApiError {
    fn from(error: UseError) -> Self {
        match error {
            UseError::LimitExceeded { limit } => {
                let detail =
                    format!("The license allows {limit} uses, and this would exceed the limit. Nothing was counted.");
                Self::new(ErrorCode::UsesLimitExceeded, detail).at("/data/attributes/uses")
            }
            UseError::Refused(refusal) => refusal.into(),
            UseError::Internal(error) => error.into(),
        }
    }
}
