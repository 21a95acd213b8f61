//! `GET /v1/updates/velopack/{file}`: Velopack, which reads `releases.win.json` and its like, and packages from the same place.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use latchkey_app::releases::{Build, Release};
use latchkey_licensing::release::{Arch, Channel, Platform};
use latchkey_wire::release::{VelopackAsset, VelopackFeed};

use crate::http::{
    api::{
        error::ApiError,
        input::PathParam,
        openapi::responses::NamedErrors,
        releases::{
            artifact::lead_to,
            updater::{ProductParams, Updater},
        },
        updates::feed,
    },
    state::AppState,
};

/// The extension of packages.
const PACKAGE: &[&str] = &[".nupkg"];

/// The packages for an app that was packed with Velopack, or one of them.
#[utoipa::path(
    get,
    path = "/v1/updates/velopack/{file}",
    tag = "Updates",
    operation_id = "velopackUpdate",
    params(
        ("file" = String, Path, description = "`releases.win.json`, `releases.osx.json`, `releases.linux.json` or with other words for a channel and a processor, such as `releases.win-arm64-beta.json`; or the name of a package"),
        ProductParams,
    ),
    responses(
        (status = 200, description = "The packages that the license may have", body = VelopackFeed),
        (status = 303, description = "The package, and in `Location` its address"),
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    PathParam(file): PathParam,
    updater: Updater,
) -> Result<Response, ApiError> {
    let library = &state.builds.library;
    let Some(asked) = file.strip_prefix("releases.").and_then(|rest| rest.strip_suffix(".json")) else {
        let updater = updater.on(Channel::Dev);
        let named = |build: &&Build| build.name.as_str() == file && build.has_extension(PACKAGE);
        let found = updater
            .offers(library, None)
            .find_map(|offered| offered.builds.into_iter().find(named).map(|build| (offered.release, build)));
        let (release, build) = found.ok_or_else(ApiError::not_found)?;
        return Ok(lead_to(&state, release, build));
    };
    let asked = Asked::parse(asked).filter(|_| !library.is_empty()).ok_or_else(ApiError::not_found)?;
    let updater = updater.on(asked.channel);
    let assets = updater.offers(library, None).flat_map(|offered| {
        let packages = offered.builds.into_iter();
        let packages =
            packages.filter(|build| build.has_extension(PACKAGE) && build.runs_on(asked.platform, asked.arch));
        packages.map(|build| asset(offered.release, build)).collect::<Vec<_>>()
    });
    let text = serde_json::to_string(&VelopackFeed { assets: assets.collect() }).map_err(|error| {
        tracing::error!(%error, "a feed cannot be serialized");
        ApiError::internal()
    })?;
    Ok(feed("application/json", text).into_response())
}

/// What the name of a feed asks for. Vendors choose it, so its words can stand in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    channel: Channel,
    platform: Option<Platform>,
    arch: Option<Arch>,
}

impl Asked {
    fn parse(name: &str) -> Option<Self> {
        let mut asked = Self { channel: Channel::Stable, platform: None, arch: None };
        for word in name.split('-') {
            if let Some(channel) = Channel::parse(word) {
                asked.channel = channel;
            } else if let Ok(platform) = word.parse() {
                asked.platform = Some(platform);
            } else {
                asked.arch = Some(word.parse().ok()?);
            }
        }
        Some(asked)
    }
}

fn asset(release: &Release, build: &Build) -> VelopackAsset {
    let (version, name) = (release.version.to_string(), build.name.as_str());
    let id = name.find(&format!("-{version}")).and_then(|at| name.get(..at)).unwrap_or_default();
    VelopackAsset {
        package_id: id.to_owned(),
        kind: if build.has_extension(&["-delta.nupkg"]) { "Delta" } else { "Full" },
        file_name: name.to_owned(),
        sha1: build.sha1.as_ref().map_or_else(String::new, |sum| sum.as_str().to_ascii_uppercase()),
        sha256: build.sha256.as_str().to_ascii_uppercase(),
        size: build.size,
        notes_markdown: release.notes.source().to_owned(),
        notes_html: release.notes.html().to_owned(),
        version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_feeds_are_read() {
        for (name, channel, platform, arch) in [
            ("win", Channel::Stable, Some(Platform::Windows), None),
            ("osx", Channel::Stable, Some(Platform::MacOs), None),
            ("win-beta", Channel::Beta, Some(Platform::Windows), None),
            ("beta", Channel::Beta, None, None),
            ("win-arm64-stable", Channel::Stable, Some(Platform::Windows), Some(Arch::Arm64)),
        ] {
            assert_eq!(Asked::parse(name), Some(Asked { channel, platform, arch }), "{name}");
        }
        for name in ["", "newest", "win-", "win-nightly", "../win"] {
            assert_eq!(Asked::parse(name), None, "{name}");
        }
    }
}
