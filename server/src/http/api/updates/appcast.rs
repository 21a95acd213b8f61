//! `GET /v1/updates/appcast.xml`: Sparkle and NetSparkle.

use std::fmt::Write;

use axum::{extract::State, response::Response};
use latchkey_app::{
    releases::{Build, Release},
    static_pages::document::escaped,
};
use latchkey_licensing::release::{Arch, Channel, Platform};

use crate::http::{
    api::{
        error::ApiError,
        openapi::responses::{NamedErrors, VersionErrors},
        releases::updater::{ChannelParams, ProductParams, TargetParams, Updater},
        updates::feed,
    },
    state::AppState,
};

/// How many releases a feed has.
const SHOWN: usize = 20;

/// The releases for an app with Sparkle or NetSparkle.
#[utoipa::path(
    get,
    path = "/v1/updates/appcast.xml",
    tag = "Updates",
    operation_id = "appcast",
    params(ProductParams, ChannelParams, TargetParams),
    responses(
        (status = 200, description = "The releases that the license may have, the newest first, as RSS", body = String, content_type = "application/rss+xml"),
        VersionErrors,
        NamedErrors,
    ),
    security((), ("license_key" = [])),
)]
pub(crate) async fn appcast(State(state): State<AppState>, updater: Updater) -> Result<Response, ApiError> {
    let library = &state.builds.library;
    if library.is_empty() {
        return Err(ApiError::not_found());
    }
    let name = escaped(&state.service.brand().name);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
         xmlns:sparkle=\"http://www.andymatuschak.org/xml-namespaces/sparkle\"><channel><title>{name}</title>"
    );
    for offered in updater.offers(library, None).take(SHOWN) {
        let mut shown: Vec<(Platform, Option<Arch>)> = Vec::new();
        for build in offered.builds {
            let target = (build.platform, build.arch);
            // Updaters take the first file of an item, and only signed ones. Packages of Velopack are for Velopack.
            if let Some(signature) = &build.signature
                && !build.has_extension(&[".nupkg"])
                && !shown.contains(&target)
            {
                shown.push(target);
                let url = state.builds.url(&state.service, offered.release, build);
                item(&mut xml, &name, offered.release, build, signature.as_str(), &url);
            }
        }
    }
    xml.push_str("</channel></rss>\n");
    Ok(feed("application/rss+xml; charset=utf-8", xml))
}

/// An item for one file. `name` is escaped.
fn item(xml: &mut String, name: &str, release: &Release, build: &Build, signature: &str, url: &str) {
    let version = escaped(&release.version.to_string());
    // The offset in digits, which all of the clients read.
    let date = release.date.timestamp().http_date().replace("GMT", "+0000");
    let _ = write!(
        xml,
        "<item><title>{name} {version}</title><pubDate>{date}</pubDate><sparkle:version>{version}</sparkle:version>\
         <sparkle:shortVersionString>{version}</sparkle:shortVersionString>"
    );
    if release.channel != Channel::Stable {
        let _ = write!(xml, "<sparkle:channel>{}</sparkle:channel>", release.channel.as_str());
    }
    let system = match build.platform {
        Platform::Any => String::new(),
        platform => format!(" sparkle:os=\"{}\"", platform.as_str()),
    };
    let _ = write!(
        xml,
        "<description>{}</description><enclosure url=\"{}\" length=\"{}\" type=\"application/octet-stream\"{system} \
         sparkle:edSignature=\"{}\"/></item>",
        escaped(release.notes.html()),
        escaped(url),
        build.size,
        escaped(signature),
    );
}
