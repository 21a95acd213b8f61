//! `GET /v1/releases/{release}`

use axum::extract::State;
use latchkey_wire::{document::One, release::ReleaseAttributes};

use crate::http::{
    api::{
        documents::resources::Document,
        error::ApiError,
        input::PathParam,
        openapi::responses::{NamedErrors, VersionErrors},
        releases::{
            documents,
            updater::{ProductParams, Updater},
            version,
        },
    },
    state::AppState,
};

/// Shows a release.
#[utoipa::path(
    get,
    path = "/v1/releases/{release}",
    tag = "Releases",
    operation_id = "showRelease",
    params(("release" = String, Path, description = "The version"), ProductParams),
    responses(
        (status = 200, description = "The release, if there are builds of it that the license may have", body = One<ReleaseAttributes>),
        VersionErrors,
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    PathParam(release): PathParam,
    updater: Updater,
) -> Result<Document<One<ReleaseAttributes>>, ApiError> {
    let offered = updater.find(&state.builds.library, &version(&release)?)?;
    let product = updater.product_id.as_deref();
    Ok(Document(One { data: documents::release(offered.release, product, &state.account()) }))
}
