//! `/downloads/{token}/{version}/{file}`: the files of builds.
//!
//! A link contains its own permission, which expires, so that a browser or an updater needs no account to follow it. Files are
//! sent from the folder `builds` in the content folder and from nowhere else, whatever links in it point to.

use std::{io, path::Path as FilePath, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use latchkey_app::releases::{BUILDS, Build, BuildPath, Library, Place, Release};
use latchkey_licensing::release::Version;
use latchkey_service::{BuildLinkError, LinkedBuild, Service};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncSeekExt, SeekFrom},
};

use crate::http::state::AppState;

/// The path of a file.
const BUILD: &str = "/downloads/{token}/{version}/{file}";

/// Stands in place of a token in links to public files, which do not expire.
const PUBLIC: &str = "public";

/// How long a link is valid that the portal makes when a customer follows it.
pub(crate) const IN_PORTAL: Duration = Duration::from_hours(1);

/// How long the links in a feed are valid. An updater may ask its user before it follows one.
pub(crate) const IN_FEEDS: Duration = Duration::from_hours(24);

/// How much of a file is read at once.
const CHUNK: u64 = 64 * 1024;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route(BUILD, get(send))
}

/// The releases, and where their files are.
#[derive(Clone, Debug)]
pub(crate) struct Builds {
    pub(crate) library: Library,
    /// The origin of links for updaters.
    pub(crate) origin: Arc<str>,
}

impl Builds {
    /// The address of a build for an updater.
    pub(crate) fn url(&self, service: &Service, release: &Release, build: &Build) -> String {
        match &build.place {
            Place::Link(url) => url.to_string(),
            Place::Folder(_) => format!("{}{}", self.origin, path(service, release, build, IN_FEEDS)),
        }
    }
}

/// The path from which a file in the folder is sent.
pub(crate) fn path(service: &Service, release: &Release, build: &Build, lifetime: Duration) -> String {
    let (version, file) = (&release.version, build.name.as_str());
    let token =
        if build.is_public { PUBLIC.to_owned() } else { service.build_link(LinkedBuild { version, file }, lifetime) };
    format!("/downloads/{token}/{version}/{file}")
}

async fn send(
    State(state): State<AppState>,
    Path((token, version, name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Ok(version) = version.parse::<Version>() else {
        return state.plain.not_found();
    };
    let library = &state.builds.library;
    let Some((_, build)) = library.build(&version, &name) else {
        return state.plain.not_found();
    };
    if !(token == PUBLIC && build.is_public) {
        let link = LinkedBuild { version: &version, file: &name };
        match state.service.check_build_link(link, &token) {
            Ok(()) => {}
            Err(BuildLinkError::Invalid) => return state.plain.not_found(),
            Err(BuildLinkError::Expired(_)) => return expired(),
        }
    }
    let (Place::Folder(path), Some(folder)) = (&build.place, &library.folder) else {
        return state.plain.not_found();
    };
    match open(folder, path, build.size).await {
        Ok(file) => file_response(build, file, &headers).await,
        Err(error) => {
            tracing::error!(%error, file = path.as_str(), "the file of a build cannot be sent: {error}");
            missing()
        }
    }
}

fn expired() -> Response {
    let text = "This link has expired. Open the downloads of your license in the portal again, or let the app check for \
                updates again.\n";
    (StatusCode::GONE, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn missing() -> Response {
    let text = "This file is listed, but it is not on the server at the moment. Please try again later.\n";
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// Opens a file in the folder. Fails if it is not there, if a link leads out of the folder, or if it has another size than
/// the one that is listed, as while it is being replaced.
async fn open(folder: &FilePath, path: &BuildPath, size: u64) -> io::Result<File> {
    let root = fs::canonicalize(folder.join(BUILDS)).await?;
    let path = fs::canonicalize(folder.join(path.as_str())).await?;
    if !path.starts_with(&root) {
        return Err(io::Error::other("it is outside of the folder"));
    }
    let file = File::open(path).await?;
    let about = file.metadata().await?;
    if !about.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if about.len() != size {
        return Err(io::Error::other("it has another size than the one that is listed"));
    }
    Ok(file)
}

/// Which part of a file a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From one byte to another, both included.
    Bytes(u64, u64),
    /// None of its bytes.
    Nothing,
}

/// The part of a file that a `Range` header asks for (RFC 9110, section 14). Several parts, and what is not understood, get the
/// whole file.
fn part(range: Option<&str>, size: u64) -> Part {
    let Some((from, to)) = range.and_then(|range| range.trim().strip_prefix("bytes=")?.split_once('-')) else {
        return Part::Whole;
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let last = size.saturating_sub(1);
    match (from, to) {
        ("", to) => match number(to) {
            Some(0) => Part::Nothing,
            Some(count) => Part::Bytes(size.saturating_sub(count), last),
            None => Part::Whole,
        },
        (from, "") => match number(from) {
            Some(from) if from > last => Part::Nothing,
            Some(from) => Part::Bytes(from, last),
            None => Part::Whole,
        },
        (from, to) => match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to && from > last => Part::Nothing,
            (Some(from), Some(to)) if from <= to => Part::Bytes(from, to.min(last)),
            _ => Part::Whole,
        },
    }
}

async fn file_response(build: &Build, mut file: File, asked: &HeaderMap) -> Response {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let tag = format!("\"{}\"", build.sha256.as_str().to_ascii_lowercase());
    // A part of another state of the file must not be joined to this one.
    let is_same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let range = text(header::RANGE).filter(|_| is_same);
    let (status, start, length) = match part(range, build.size) {
        Part::Whole => (StatusCode::OK, 0, build.size),
        Part::Bytes(start, end) => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
        Part::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    if start > 0
        && let Err(error) = file.seek(SeekFrom::Start(start)).await
    {
        tracing::error!(%error, "the file of a build cannot be read: {error}");
        return missing();
    }
    let mut response = (status, body(file, length)).into_response();
    let range = match status {
        StatusCode::PARTIAL_CONTENT => Some(format!("bytes {start}-{}/{}", start + length - 1, build.size)),
        StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{}", build.size)),
        _ => None,
    };
    let cache = if build.is_public { "public, max-age=3600" } else { "private, no-store" };
    let values = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", build.name)),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
        (header::CACHE_CONTROL, cache.to_owned()),
    ];
    for (name, value) in values.into_iter().chain(range.map(|range| (header::CONTENT_RANGE, range))) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The next bytes of a file, read as they are sent. If the file ends before, the response breaks off, so that nobody takes a
/// part for the whole.
fn body(file: File, length: u64) -> Body {
    Body::from_stream(stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; usize::try_from(left.min(CHUNK)).unwrap_or(0)];
        let count = file.read(&mut chunk).await?;
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        chunk.truncate(count);
        Ok(Some((Bytes::from(chunk), (file, left - count as u64))))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_parsed() {
        for (range, wanted) in [
            (None, Part::Whole),
            (Some("bytes=0-4"), Part::Bytes(0, 4)),
            (Some("bytes=5-"), Part::Bytes(5, 9)),
            (Some("bytes=-3"), Part::Bytes(7, 9)),
            (Some("bytes=-30"), Part::Bytes(0, 9)),
            (Some("bytes=9-99"), Part::Bytes(9, 9)),
            (Some("bytes=10-"), Part::Nothing),
            (Some("bytes=10-12"), Part::Nothing),
            (Some("bytes=-0"), Part::Nothing),
            (Some("bytes=4-2"), Part::Whole),
            (Some("bytes=0-1,3-4"), Part::Whole),
            (Some("bytes=a-b"), Part::Whole),
            (Some("bytes=+1-2"), Part::Whole),
            (Some("bytes=99999999999999999999-"), Part::Whole),
            (Some("lines=0-4"), Part::Whole),
            (Some("bytes=-"), Part::Whole),
        ] {
            assert_eq!(part(range, 10), wanted, "{range:?}");
        }
    }
}
