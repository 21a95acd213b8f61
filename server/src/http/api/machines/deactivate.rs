//! `DELETE /v1/machines/{machine}`

use axum::http::StatusCode;

use crate::http::api::{
    auth::Authenticated,
    error::ApiError,
    input::{NoParameters, PathParam},
    openapi::responses::{BodyErrors, NamedErrors},
};

/// Deactivates a machine. Its slot is available immediately.
#[utoipa::path(
    delete,
    path = "/v1/machines/{machine}",
    tag = "Machines",
    operation_id = "deactivate",
    params(("machine" = String, Path, description = "The machine's id or fingerprint")),
    responses((status = 204, description = "Deactivated"), BodyErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn deactivate(
    Authenticated(app): Authenticated,
    PathParam(name): PathParam,
    _: NoParameters,
) -> Result<StatusCode, ApiError> {
    if app.deactivate_machine(&name).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found()) }
}
