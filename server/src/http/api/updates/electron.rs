//! `GET /v1/updates/electron/{file}`: electron-updater with its provider `generic`, which reads `latest.yml` and its like.

use std::fmt::Write;

use axum::{extract::State, response::Response};
use latchkey_app::releases::{Build, Sha512Base64};
use latchkey_licensing::release::{Arch, Channel, Platform};

use crate::http::{
    api::{
        error::ApiError,
        input::PathParam,
        openapi::responses::NamedErrors,
        releases::updater::{Offered, ProductParams, Updater},
        updates::feed,
    },
    state::AppState,
};

/// The newest release for an app that was built with electron-builder.
#[utoipa::path(
    get,
    path = "/v1/updates/electron/{file}",
    tag = "Updates",
    operation_id = "electronUpdate",
    params(
        ("file" = String, Path, description = "`latest.yml`, `latest-mac.yml`, `latest-linux.yml` or `latest-linux-arm64.yml`; other channels have their name in place of `latest`"),
        ProductParams,
    ),
    responses(
        (status = 200, description = "The newest release", body = String, content_type = "text/yaml"),
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    PathParam(file): PathParam,
    updater: Updater,
) -> Result<Response, ApiError> {
    let asked = Asked::parse(&file).ok_or_else(ApiError::not_found)?;
    let updater = updater.on(asked.channel);
    let newest = updater.offers(&state.builds.library, None).find_map(|offered| asked.files(&offered));
    let (offered, files) = newest.ok_or_else(ApiError::not_found)?;
    Ok(feed("text/yaml; charset=utf-8", text(&state, &offered, &files)))
}

/// What the name of the file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    channel: Channel,
    platform: Platform,
    /// On Linux, each processor has a file of its own. On the others, the updater chooses by the names of files.
    arch: Option<Arch>,
}

impl Asked {
    fn parse(file: &str) -> Option<Self> {
        let name = file.strip_suffix(".yml")?;
        let (channel, rest) = name.split_once('-').map_or((name, None), |(channel, rest)| (channel, Some(rest)));
        let channel = if channel == "latest" { Channel::Stable } else { Channel::parse(channel)? };
        let (platform, arch) = match rest {
            None => (Platform::Windows, None),
            Some("mac") => (Platform::MacOs, None),
            Some("linux") => (Platform::Linux, Some(Arch::X64)),
            Some(rest) => (Platform::Linux, Some(rest.strip_prefix("linux-")?.parse().ok()?)),
        };
        Some(Self { channel, platform, arch })
    }

    /// The files of a release that the updater can install. `None` if there are none.
    fn files<'l>(self, offered: &Offered<'l>) -> Option<(Offered<'l>, Vec<(&'l Build, &'l Sha512Base64)>)> {
        let endings: &[&str] = match self.platform {
            Platform::Windows => &[".exe"],
            Platform::MacOs => &[".zip", ".dmg"],
            Platform::Linux | Platform::Any => &[".appimage", ".deb", ".rpm", ".pacman"],
        };
        // A file that runs anywhere is no installer.
        let fits = |build: &Build| {
            build.platform == self.platform && build.runs_on(None, self.arch) && build.has_extension(endings)
        };
        let builds = offered.builds.iter().copied().filter(|build| fits(build));
        let files: Vec<_> = builds.filter_map(|build| Some((build, build.sha512.as_ref()?))).collect();
        let offered = Offered { release: offered.release, builds: Vec::new() };
        (!files.is_empty()).then_some((offered, files))
    }
}

/// The feed. Strings of JSON are also strings of YAML.
fn text(state: &AppState, offered: &Offered<'_>, files: &[(&Build, &Sha512Base64)]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let release = offered.release;
    let mut yaml = format!("version: {}\nfiles:\n", quoted(&release.version.to_string()));
    let mut first = String::new();
    for (build, sum) in files {
        let (url, sum) = (quoted(&state.builds.url(&state.service, release, build)), quoted(sum.as_str()));
        let _ = write!(yaml, "  - url: {url}\n    sha512: {sum}\n    size: {}\n", build.size);
        if first.is_empty() {
            // For versions that do not read the list.
            first = format!("path: {url}\nsha512: {sum}\n");
        }
    }
    let date = quoted(&release.date.timestamp().rfc3339());
    let _ = write!(yaml, "{first}releaseDate: {date}\nreleaseNotes: {}\n", quoted(release.notes.html()));
    yaml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_channel_platform_and_processor() {
        for (file, channel, platform, arch) in [
            ("latest.yml", Channel::Stable, Platform::Windows, None),
            ("latest-mac.yml", Channel::Stable, Platform::MacOs, None),
            ("latest-linux.yml", Channel::Stable, Platform::Linux, Some(Arch::X64)),
            ("latest-linux-arm64.yml", Channel::Stable, Platform::Linux, Some(Arch::Arm64)),
            ("beta.yml", Channel::Beta, Platform::Windows, None),
            ("alpha-mac.yml", Channel::Alpha, Platform::MacOs, None),
        ] {
            assert_eq!(Asked::parse(file), Some(Asked { channel, platform, arch }), "{file}");
        }
        for file in [
            "",
            "latest",
            "latest.json",
            "newest.yml",
            "latest-bsd.yml",
            "latest-linux-.yml",
            "latest-linux-sparc.yml",
            "-mac.yml",
        ] {
            assert_eq!(Asked::parse(file), None, "{file}");
        }
    }
}
