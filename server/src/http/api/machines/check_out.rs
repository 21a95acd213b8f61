//! `/v1/machines/{machine}/actions/check-out`: a machine file, in a document or as plain text.

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

/// Checks out a machine file, which is valid on one machine.
#[utoipa::path(
    post,
    path = "/v1/machines/{machine}/actions/check-out",
    tag = "Files",
    operation_id = "checkOutMachine",
    params(
        ("machine" = String, Path, description = "The machine's id or fingerprint"),
        FileParams,
        ("include" = Option<String>, Query, description = "Comma-separated: `license`, `license.entitlements`, `license.product`, `license.policy`, `license.owner`, `components`; the license is always included")
    ),
    request_body(content = request::CheckOutMachine, description = "The same options, under `meta`"),
    responses((status = 200, description = "The file in `data.attributes.certificate`", body = File), FileErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn check_out(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(machine): PathParam,
    request: FileRequest,
) -> Result<Document<File>, ApiError> {
    let (file, options) = check_out::create_file(&state, &app, RequestedFile::Machine(&machine), request).await?;
    check_out::document(&state, file, options)
}

/// Checks out a machine file and returns its text.
#[utoipa::path(
    get,
    path = "/v1/machines/{machine}/actions/check-out",
    tag = "Files",
    operation_id = "downloadMachineFile",
    params(
        ("machine" = String, Path, description = "The machine's id or fingerprint"),
        FileParams,
        ("include" = Option<String>, Query, description = "Comma-separated: `license`, `license.entitlements`, `license.product`, `license.policy`, `license.owner`, `components`; the license is always included")
    ),
    responses((status = 200, description = "The file itself", body = String, content_type = "application/octet-stream"), FileErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn download(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(machine): PathParam,
    request: FileRequest,
) -> Result<Response, ApiError> {
    let (file, _) = check_out::create_file(&state, &app, RequestedFile::Machine(&machine), request).await?;
    Ok(Download::of_file(&file).into_response())
}
