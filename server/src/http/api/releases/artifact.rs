//! `GET /v1/releases/{release}/artifacts/{artifact}`

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_app::releases::{Build, Release};
use latchkey_wire::{document::One, release::ArtifactAttributes};

use crate::http::{
    api::{
        documents::resources::Document,
        error::ApiError,
        openapi::responses::{NamedErrors, VersionErrors},
        releases::{
            documents,
            updater::{ProductParams, Updater},
            version,
        },
    },
    state::AppState,
};

/// Leads to a file of a release.
#[utoipa::path(
    get,
    path = "/v1/releases/{release}/artifacts/{artifact}",
    tag = "Releases",
    operation_id = "downloadArtifact",
    params(
        ("release" = String, Path, description = "The version"),
        ("artifact" = String, Path, description = "The file's name"),
        ProductParams,
    ),
    responses(
        (status = 303, description = "The file, and in `Location` its address, which needs no key and is valid for 24 hours", body = One<ArtifactAttributes>),
        VersionErrors,
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn artifact(
    State(state): State<AppState>,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    updater: Updater,
) -> Result<Response, ApiError> {
    let Path((release, artifact)) = path.map_err(|_| ApiError::not_found())?;
    let offered = updater.find(&state.builds.library, &version(&release)?)?;
    let build = offered.builds.iter().find(|build| build.name.as_str() == artifact);
    Ok(lead_to(&state, offered.release, build.ok_or_else(ApiError::not_found)?))
}

/// Leads to the address of a file.
pub(crate) fn lead_to(state: &AppState, release: &Release, build: &Build) -> Response {
    let document = Document(One { data: documents::artifact(release, build, &state.account()) });
    let url = state.builds.url(&state.service, release, build);
    (StatusCode::SEE_OTHER, [(header::LOCATION, url)], document).into_response()
}
