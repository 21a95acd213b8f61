//! The URL under which apps know the API.

use axum::http::{HeaderMap, Uri, header, uri::Authority};
use url::Url;

#[derive(Debug)]
pub(crate) struct ApiAddress {
    /// `None` if the settings contain no `api_url`.
    host: Option<String>,
    path_prefix: String,
}

impl ApiAddress {
    pub(crate) fn new(api_url: Option<&str>) -> Self {
        let url = api_url.and_then(|text| Url::parse(text).ok());
        let host = url.as_ref().and_then(|url| {
            let name = url.host_str()?;
            Some(url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
        });
        let path_prefix = url.as_ref().map_or("", Url::path).trim_end_matches('/').to_owned();
        Self { host, path_prefix }
    }

    /// The path in front of `/v1`, without a slash at its end.
    pub(crate) fn path_prefix(&self) -> &str {
        &self.path_prefix
    }

    /// Whether a request has to name the host for which its response is signed.
    pub(crate) fn needs_host(&self) -> bool {
        self.host.is_none()
    }

    /// The host in `api_url`, for responses to requests that do not say for certain which host they are for.
    pub(crate) fn own_host(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }

    /// The host that the response to a request is signed for: that of `api_url`, or else the one that the
    /// client requested.
    pub(crate) fn host<'a>(&'a self, uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
        let requested = || headers.get(header::HOST).and_then(|value| value.to_str().ok());
        // HTTP/2 has the host in the URI.
        let authority = || uri.authority().map(Authority::as_str);
        self.host.as_deref().or_else(authority).or_else(requested).unwrap_or_default()
    }
}
