//! `GET /v1/artifacts`

use axum::extract::{OriginalUri, State};
use latchkey_wire::{
    document::{Many, PageLinks},
    error::ErrorCode,
    release::ArtifactAttributes,
};

use crate::http::{
    api::{
        documents::resources::Document,
        error::ApiError,
        openapi::responses::{NamedErrors, VersionErrors},
        releases::{
            documents,
            updater::{ProductParams, TargetParams, Updater},
            version,
        },
    },
    state::AppState,
};

/// Lists the files of a release.
#[utoipa::path(
    get,
    path = "/v1/artifacts",
    tag = "Releases",
    operation_id = "listArtifacts",
    params(("release" = String, Query, description = "The version"), ProductParams, TargetParams),
    responses(
        (status = 200, description = "The files that the license may have, on one page", body = Many<ArtifactAttributes>),
        VersionErrors,
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn artifacts(
    State(state): State<AppState>,
    uri: OriginalUri,
    updater: Updater,
) -> Result<Document<Many<ArtifactAttributes>>, ApiError> {
    let missing = || ApiError::new(ErrorCode::ParameterInvalid, "Say of which release.").in_parameter("release");
    let release = version(updater.parameter("release").ok_or_else(missing)?)?;
    let offered = updater.find(&state.builds.library, &release)?;
    let account = state.account();
    let data = offered.builds.iter().map(|build| documents::artifact(offered.release, build, &account)).collect();
    let this = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    Ok(Document(Many { data, links: PageLinks { this, next: None } }))
}
