//! Responses that are created in advance: pages without scripts, and files. Most are created once, at startup.
//!
//! They are the same for everyone, so they depend only on what the browser has cached, which encodings it
//! accepts, and which theme was chosen in it. The layers of other pages are not applied: there is no body to limit and nothing to change, and
//! the headers are created with the response.

use std::{
    collections::BTreeSet,
    future::ready,
    io,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use latchkey_app::{
    server_side::{CookieKit, Theme},
    static_pages::document,
};
use sha2::{Digest, Sha256};

use crate::http::layers::request_id::RequestId;

pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// Browsers may cache the response but must check each time whether it is current: after an upgrade, a page
/// refers to other style sheets.
const REVALIDATED: &str = "public, no-cache";

#[derive(Debug)]
pub(crate) struct Prerendered {
    /// The headers of every response.
    always: HeaderMap,
    /// Reads the theme that was chosen in a browser.
    cookies: CookieKit,
    paths: BTreeSet<String>,
    router: Router,
}

impl Prerendered {
    pub(crate) fn new(always: &HeaderMap, cookies: CookieKit) -> Self {
        let mut always = always.clone();
        always.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATED));
        // Without a referrer, browsers send forms with the origin `null`, which is refused. These paths contain no secrets.
        always.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        Self { always, cookies, paths: BTreeSet::new(), router: Router::new() }
    }

    /// The paths of all pages and files.
    pub(crate) fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    /// The headers of every response.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.always
    }

    /// Responds to requests for `path` with `body`.
    pub(crate) fn add(&mut self, path: &str, kind: &'static str, body: impl Into<Bytes>) {
        let page = Arc::new(Page::new(&self.always, kind, body.into()));
        self.add_changing(path, move || ready(Arc::clone(&page)));
    }

    /// Responds to requests for `path` with the page that `current` returns.
    pub(crate) fn add_changing<F>(&mut self, path: &str, current: impl Fn() -> F + Clone + Send + Sync + 'static)
    where
        F: Future<Output = Arc<Page>> + Send,
    {
        let refusal = Arc::new(refusal(&self.always));
        let route: Arc<str> = path.into();
        let refused = Arc::clone(&route);
        let cookies = self.cookies.clone();
        let respond = move |request: Request| {
            let (page, route) = (current(), Arc::clone(&route));
            let theme = cookies.theme(request.headers());
            async move { with_request_id(page.await.respond(request.headers(), theme), &route) }
        };
        let refuse = move || ready(with_request_id(response(StatusCode::METHOD_NOT_ALLOWED, &refusal), &refused));
        self.paths.insert(path.to_owned());
        self.router = std::mem::take(&mut self.router).route(path, get(respond).fallback(refuse));
    }

    pub(crate) fn into_router(self) -> Router {
        self.router
    }
}

/// The headers of a response to any method except GET and HEAD.
fn refusal(always: &HeaderMap) -> HeaderMap {
    let mut headers = always.clone();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    headers
}

fn response(status: StatusCode, headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    response
}

/// Gives a response its id. Its line is logged at a lower level than those of other requests, because writing
/// the line takes longer than responding.
fn with_request_id(mut response: Response, route: &str) -> Response {
    let id = RequestId::new();
    id.set_header(response.headers_mut());
    let status = response.status().as_u16();
    tracing::debug!(id = %id.0, route, status, "{route} {status}");
    response
}

/// A page or a file. Pages follow the theme that was chosen in the browser.
#[derive(Debug)]
pub(crate) struct Page {
    /// The headers of the response in every form.
    headers: HeaderMap,
    /// Follows the system's theme.
    system: Encodings,
    /// The page in each theme, made at the first request. `None` for files.
    themes: Option<[OnceLock<Encodings>; Theme::ALL.len()]>,
}

impl Page {
    pub(crate) fn new(always: &HeaderMap, kind: &'static str, body: Bytes) -> Self {
        let is_page = kind == HTML;
        let mut headers = always.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let varies = if is_page { "accept-encoding, cookie" } else { "accept-encoding" };
        headers.insert(header::VARY, HeaderValue::from_static(varies));
        let system = Encodings::new(headers.clone(), body);
        Self { headers, system, themes: is_page.then(Default::default) }
    }

    fn respond(&self, request: &HeaderMap, theme: Option<Theme>) -> Response {
        let themed = theme.and_then(|theme| {
            let at = Theme::ALL.iter().position(|known| *known == theme)?;
            let cell = self.themes.as_ref()?.get(at)?;
            Some(cell.get_or_init(|| {
                let html = document::with_theme(&String::from_utf8_lossy(&self.system.plain.body), theme);
                Encodings::new(self.headers.clone(), html.into())
            }))
        });
        themed.unwrap_or(&self.system).respond(request)
    }
}

/// A body in its encodings.
#[derive(Debug)]
struct Encodings {
    plain: Variant,
    /// Compressed at the first request. `None` if that would save nothing.
    brotli: OnceLock<Option<Variant>>,
}

impl Encodings {
    fn new(headers: HeaderMap, body: Bytes) -> Self {
        let digest = Sha256::digest(&body);
        let tag = latchkey_licensing::hex::encode(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
        Self { plain: Variant::new(headers, &tag, body), brotli: OnceLock::new() }
    }

    fn respond(&self, request: &HeaderMap) -> Response {
        let brotli = || self.brotli.get_or_init(|| self.plain.compress()).as_ref();
        let variant = if accepts_brotli(request) { brotli().unwrap_or(&self.plain) } else { &self.plain };
        if variant.is_cached(request) {
            return response(StatusCode::NOT_MODIFIED, &variant.unchanged);
        }
        let mut response = Response::new(Body::from(variant.body.clone()));
        *response.headers_mut() = variant.headers.clone();
        response
    }
}

/// A page in one encoding.
#[derive(Debug)]
struct Variant {
    headers: HeaderMap,
    /// The headers of a 304 response.
    unchanged: HeaderMap,
    /// The version's entity tag, without quotation marks.
    tag: String,
    body: Bytes,
}

impl Variant {
    fn new(mut headers: HeaderMap, tag: &str, body: Bytes) -> Self {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
            headers.insert(header::ETAG, tag);
        }
        let mut unchanged = headers.clone();
        unchanged.remove(header::CONTENT_TYPE);
        unchanged.remove(header::CONTENT_ENCODING);
        Self { headers, unchanged, tag: tag.to_owned(), body }
    }

    fn compress(&self) -> Option<Self> {
        let body =
            compress(&self.body).inspect_err(|error| tracing::error!(%error, "a page could not be compressed")).ok()?;
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        (body.len() < self.body.len()).then(|| Self::new(headers, &format!("{}-br", self.tag), body.into()))
    }

    /// Whether the browser has cached this version (RFC 9110, section 13.1.2).
    fn is_cached(&self, request: &HeaderMap) -> bool {
        let texts = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).map(str::trim).any(|given| {
            let tag = given.strip_prefix("W/").unwrap_or(given);
            given == "*" || tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) == Some(self.tag.as_str())
        })
    }
}

fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut io::Cursor::new(body), &mut compressed, &parameters)?;
    Ok(compressed)
}

/// Whether the client accepts brotli.
pub(crate) fn accepts_brotli(request: &HeaderMap) -> bool {
    let texts = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && weight.is_none_or(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: header::HeaderName, text: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, text.parse().expect("a header"))])
    }

    #[test]
    fn accepted_encodings_are_recognized() {
        for (text, takes) in [
            ("br", true),
            ("gzip, deflate, br, zstd", true),
            ("gzip, BR;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.000", false),
            ("gzip", false),
            ("brotli", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(accepts_brotli(&asking(header::ACCEPT_ENCODING, text)), takes, "{text}");
        }
        assert!(!accepts_brotli(&HeaderMap::new()));
    }

    #[test]
    fn a_version_is_recognized_by_its_tag() {
        let variant = Variant::new(HeaderMap::new(), "abc", Bytes::from_static(b"x"));
        for (text, known) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("\"abc-br\"", false),
            ("abc", false),
            ("", false),
        ] {
            assert_eq!(variant.is_cached(&asking(header::IF_NONE_MATCH, text)), known, "{text}");
        }
        assert!(!variant.is_cached(&HeaderMap::new()));
    }

    #[test]
    fn short_pages_are_not_compressed() {
        let long = Page::new(&HeaderMap::new(), HTML, Bytes::from("<p>many words</p>".repeat(500)));
        let request = asking(header::ACCEPT_ENCODING, "br");
        assert_eq!(long.respond(&request, None).headers()[header::CONTENT_ENCODING], "br");
        let short = Page::new(&HeaderMap::new(), HTML, Bytes::from_static(b"<p>few</p>"));
        assert!(!short.respond(&request, None).headers().contains_key(header::CONTENT_ENCODING));
    }

    #[test]
    fn pages_follow_the_theme_and_files_do_not() {
        let html = "<!DOCTYPE html><html lang=\"en\"><p>A page</p></html>";
        let page = Page::new(&HeaderMap::new(), HTML, html.into());
        let file = Page::new(&HeaderMap::new(), "text/plain", html.into());
        let tag = |page: &Page, theme| page.respond(&HeaderMap::new(), theme).headers()[header::ETAG].clone();
        let tags: BTreeSet<_> = [None, Some(Theme::Light), Some(Theme::Dark)]
            .map(|theme| tag(&page, theme).to_str().expect("text").to_owned())
            .into();
        assert_eq!(tags.len(), 3, "each is cached by itself");
        assert_eq!(tag(&file, Some(Theme::Dark)), tag(&file, None));
        assert_eq!(page.respond(&HeaderMap::new(), None).headers()[header::VARY], "accept-encoding, cookie");
        assert_eq!(file.respond(&HeaderMap::new(), None).headers()[header::VARY], "accept-encoding");
    }
}
