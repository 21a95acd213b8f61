//! `DELETE /v1/processes/{process}`

use axum::http::StatusCode;

use crate::http::api::{
    auth::Authenticated,
    error::ApiError,
    input::{NoParameters, PathParam},
    openapi::responses::{BodyErrors, NamedErrors},
};

/// Ends a process. Its place is available immediately.
#[utoipa::path(
    delete,
    path = "/v1/processes/{process}",
    tag = "Processes",
    operation_id = "endProcess",
    params(("process" = String, Path, description = "The process's id")),
    responses((status = 204, description = "Ended"), BodyErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn end(
    Authenticated(app): Authenticated,
    PathParam(id): PathParam,
    _: NoParameters,
) -> Result<StatusCode, ApiError> {
    if app.end_process(&id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found()) }
}
