//! `/v1/licenses/{license}/actions/check-out`: a license file, as a document or as the text itself.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use latchkey_wire::{document::File, request};

use crate::http::{
    api::{
        auth::Authenticated,
        check_out::{self, Asked, FileParams, Wanted},
        documents::resources::Document,
        error::ApiError,
        input::PathParam,
        responses::{FileErrors, NamedErrors},
    },
    download::Download,
    state::AppState,
};

/// Checks out a license file, for any machine.
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
    request_body(content = Option<request::CheckOut>, description = "The same options may stand under `meta`"),
    responses((status = 200, description = "The file in `data.attributes.certificate`", body = File), FileErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn check_out(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    asked: Asked,
) -> Result<Document<File>, ApiError> {
    let (file, options) = check_out::make(&state, &app, Wanted::License(&license), asked).await?;
    check_out::document(&state, file, options)
}

/// Checks out a license file and answers with its text.
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
    asked: Asked,
) -> Result<Response, ApiError> {
    let (file, _) = check_out::make(&state, &app, Wanted::License(&license), asked).await?;
    Ok(Download::of_file(&file).into_response())
}
