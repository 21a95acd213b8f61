//! Leads from the portal to the files of builds. The license is checked when a link is followed, and the file's own address
//! is valid for an hour.

use axum::{
    Extension, Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use latchkey_app::{
    releases::Place,
    routes::{BuildTarget, Page},
    server_side::Identity,
};
use latchkey_licensing::{ids::LicenseId, release::Version};
use latchkey_service::CustomerError;

use crate::http::{downloads, state::AppState, static_pages::payment_pages::answer_link};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route(BuildTarget::PATHS, get(build))
}

async fn build(
    State(state): State<AppState>,
    identity: Extension<Identity>,
    Path((license, version, file)): Path<(String, String, String)>,
) -> Response {
    let (Ok(license), Ok(version)) = (license.parse::<LicenseId>(), version.parse::<Version>()) else {
        return state.plain.not_found();
    };
    let view = match state.service.customer(&identity.0.0).license(license).await {
        Ok(view) => view,
        Err(CustomerError::Internal(error)) => {
            tracing::error!(%error, "a license could not be read: {error}");
            return state.plain.failed();
        }
        Err(_) => return state.plain.not_found(),
    };
    let found = state.builds.library.build(&version, &file);
    let Some((release, build)) = found.filter(|(release, _)| release.is_of(Some(&view.product.code))) else {
        return state.plain.not_found();
    };
    let access = view.build_access(state.service.now());
    if !build.is_public && !access.includes(release.date.timestamp()) {
        // The page says why.
        return Redirect::to(&Page::Downloads(license).path()).into_response();
    }
    match &build.place {
        Place::Link(url) => answer_link(url.as_str()).unwrap_or_else(|| state.plain.not_found()),
        Place::Folder(_) => {
            let path = downloads::path(&state.service, release, build, downloads::IN_PORTAL);
            Redirect::to(&path).into_response()
        }
    }
}
