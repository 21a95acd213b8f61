//! `GET /v1/releases/{release}/upgrade`

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
            updater::{ChannelParams, ProductParams, Updater},
            version,
        },
    },
    state::AppState,
};

/// Finds the newest release that an app with this version may have.
#[utoipa::path(
    get,
    path = "/v1/releases/{release}/upgrade",
    tag = "Releases",
    operation_id = "upgradeRelease",
    params(
        ("release" = String, Path, description = "The version that the app has"),
        ProductParams,
        ChannelParams,
        ("constraint" = Option<String>, Query, description = "The versions that the app accepts, such as `1.4` for all of 1.x from 1.4 on"),
        ("package" = Option<String>, Query, description = "This server has no packages: any value leads to 404"),
    ),
    responses(
        (status = 200, description = "The release. If there is none that is newer, the response is 404", body = One<ReleaseAttributes>),
        VersionErrors,
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    PathParam(release): PathParam,
    updater: Updater,
) -> Result<Document<One<ReleaseAttributes>>, ApiError> {
    let (current, library) = (version(&release)?, &state.builds.library);
    let newest = updater.offers(library, Some(&current)).next();
    let newest = newest.ok_or_else(|| updater.nothing_newer(library, &current))?;
    let product = updater.product_id.as_deref();
    Ok(Document(One { data: documents::release(newest.release, product, &state.account()) }))
}
