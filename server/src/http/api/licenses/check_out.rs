//! `/v1/licenses/{license}/actions/check-out`: a license file, in a document or as plain text.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use latchkey_wire::{document::File, request};

use crate::http::{
    api::{
        auth::Authenticated,
        check_out::{self, FileParams, FileRequest, RequestedFile},
        documents::resources::Document,
        error::ApiError,
        input::PathParam,
        openapi::responses::{FileErrors, NamedErrors},
    },
    download::Download,
    state::AppState,
};

/// Checks out a license file, which is valid on any machine.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/check-out",
    tag = "Files",
    operation_id = "checkOutLicense",
    params(
        ("license" = String, Path, description = "The license's id or key"),
        FileParams,
        ("include" = Option<String>, Query, description = "Comma-separated: `entitlements`, `product`, `policy`, `owner`")
    ),
    request_body(content = request::CheckOut, description = "The same options, under `meta`"),
    responses((status = 200, description = "The file in `data.attributes.certificate`", body = File), FileErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn check_out(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    request: FileRequest,
) -> Result<Document<File>, ApiError> {
    let (file, options) = check_out::create_file(&state, &app, RequestedFile::License(&license), request).await?;
    check_out::document(&state, file, options)
}

/// Checks out a license file and returns its text.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/actions/check-out",
    tag = "Files",
    operation_id = "downloadLicenseFile",
    params(
        ("license" = String, Path, description = "The license's id or key"),
        FileParams,
        ("include" = Option<String>, Query, description = "Comma-separated: `entitlements`, `product`, `policy`, `owner`")
    ),
    responses((status = 200, description = "The file itself", body = String, content_type = "application/octet-stream"), FileErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn download(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    request: FileRequest,
) -> Result<Response, ApiError> {
    let (file, _) = check_out::create_file(&state, &app, RequestedFile::License(&license), request).await?;
    Ok(Download::of_file(&file).into_response())
}
