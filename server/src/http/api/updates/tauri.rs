//! `GET /v1/updates/tauri/{target}/{arch}/{version}`: Tauri's updater, in its form for dynamic servers.

use std::fmt::Display;

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use latchkey_app::releases::Build;
use latchkey_licensing::release::{Arch, Platform};
use latchkey_wire::{error::ErrorCode, release::TauriUpdate};

use crate::http::{
    api::{
        error::ApiError,
        openapi::responses::{KeyErrors, VersionErrors},
        releases::{
            updater::{ChannelParams, ProductParams, Updater},
            version,
        },
        updates::feed,
    },
    state::AppState,
};

/// The kinds of packages, and how the names of their files end.
pub(crate) const BUNDLES: &[(&str, &[&str])] = &[
    ("app", &[".app.tar.gz"]),
    ("appimage", &[".appimage", ".appimage.tar.gz"]),
    ("deb", &[".deb"]),
    ("msi", &[".msi", ".msi.zip"]),
    ("nsis", &[".exe", ".nsis.zip"]),
    ("rpm", &[".rpm"]),
];

/// The newest release for an app that was built with Tauri.
#[utoipa::path(
    get,
    path = "/v1/updates/tauri/{target}/{arch}/{version}",
    tag = "Updates",
    operation_id = "tauriUpdate",
    params(
        ("target" = String, Path, description = "The operating system: `{{target}}`"),
        ("arch" = String, Path, description = "The processor: `{{arch}}`"),
        ("version" = String, Path, description = "The version that the app has: `{{current_version}}`"),
        ("bundle" = Option<String>, Query, description = "How the app was installed: `nsis`, `msi`, `app`, `appimage`, `deb` or `rpm`"),
        ProductParams,
        ChannelParams,
    ),
    responses(
        (status = 200, description = "The newest release", body = TauriUpdate),
        (status = 204, description = "There is none that is newer"),
        VersionErrors,
        KeyErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    updater: Updater,
) -> Result<Response, ApiError> {
    let Path((target, arch, current)) = path.map_err(|_| ApiError::not_found())?;
    let platform: Platform = target.parse().map_err(|why| unusable("target", &why))?;
    let arch: Arch = arch.parse().map_err(|why| unusable("processor", &why))?;
    let current = version(&current)?;
    let bundle = updater.parameter("bundle").map(endings).transpose()?;
    let fits = |build: &Build| {
        build.minisign.is_some()
            && build.runs_on(Some(platform), Some(arch))
            && bundle.is_none_or(|endings| build.has_extension(endings))
    };
    let mut offers = updater.offers(&state.builds.library, Some(&current));
    let found = offers.find_map(|offered| {
        let build = offered.builds.into_iter().find(|build| fits(build))?;
        Some((offered.release, build, build.minisign.as_ref()?.to_string()))
    });
    let Some((release, build, signature)) = found else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let update = TauriUpdate {
        version: release.version.to_string(),
        notes: release.notes.source().to_owned(),
        pub_date: release.date.timestamp().rfc3339(),
        url: state.builds.url(&state.service, release, build),
        signature,
    };
    let text = serde_json::to_string(&update).map_err(|error| {
        tracing::error!(%error, "an update cannot be serialized");
        ApiError::internal()
    })?;
    Ok(feed("application/json", text))
}

fn unusable(what: &str, why: &impl Display) -> ApiError {
    ApiError::new(ErrorCode::ParameterInvalid, format!("The {what} in the path is {why}."))
}

fn endings(bundle: &str) -> Result<&'static [&'static str], ApiError> {
    BUNDLES.iter().find(|(name, _)| *name == bundle).map(|(_, endings)| *endings).ok_or_else(|| {
        let detail = "The value is not a kind of package: use nsis, msi, app, appimage, deb or rpm.";
        ApiError::new(ErrorCode::ParameterInvalid, detail).in_parameter("bundle")
    })
}
