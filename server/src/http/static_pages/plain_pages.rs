//! Pages for missing pages and failures, rendered once at startup.

use std::sync::Arc;

use axum::{
    Extension,
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_app::static_pages::{
    document::Look,
    kept_form::{self, NotSent},
    plain,
    site::{self, Site},
};

use latchkey_service::Internal;

use crate::http::layers::theme::PlainDocument;

/// After how many seconds to try again while the database is unavailable.
const RETRY_AFTER: &str = "5";

/// All requests share them, so they are cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct PlainPages(Arc<Rendered>);

#[derive(Debug)]
struct Rendered {
    look: Look,
    not_found: Bytes,
    failed: Bytes,
    bad_form: Bytes,
}

impl PlainPages {
    /// The pages of the site, if this instance has one. Otherwise, plain ones.
    pub(crate) fn new(look: &Look, site: Option<&Site>) -> Self {
        let (not_found, failed) = match site {
            Some(site) => (site::not_found(site), site::failed(site)),
            None => (plain::not_found(look.clone()), plain::failed(look.clone())),
        };
        let bad_form = plain::bad_form(look.clone());
        Self(Arc::new(Rendered {
            look: look.clone(),
            not_found: not_found.into(),
            failed: failed.into(),
            bad_form: bad_form.into(),
        }))
    }

    pub(crate) fn not_found(&self) -> Response {
        page(StatusCode::NOT_FOUND, &self.0.not_found)
    }

    /// For a form of which a field is missing or cannot be read.
    pub(crate) fn bad_form(&self) -> Response {
        page(StatusCode::BAD_REQUEST, &self.0.bad_form)
    }

    /// For a form that was not carried out, with everything that was entered.
    pub(crate) fn kept_form(&self, why: NotSent, path: &str, fields: &[(String, String)]) -> Response {
        page(StatusCode::UNAUTHORIZED, &kept_form::kept_form(self.0.look.clone(), why, path, fields).into())
    }

    /// For a panic.
    pub(crate) fn failed(&self) -> Response<Body> {
        page(StatusCode::INTERNAL_SERVER_ERROR, &self.0.failed)
    }

    /// For a failure. While the database is unavailable, the response says when to try again.
    pub(crate) fn failed_because(&self, error: &Internal) -> Response<Body> {
        if !error.is_unavailable() {
            return self.failed();
        }
        let mut response = page(StatusCode::SERVICE_UNAVAILABLE, &self.0.failed);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        response
    }
}

/// A plain page, which the browser gets in the theme that was chosen in it.
pub(crate) fn page(status: StatusCode, html: &Bytes) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let document = Extension(PlainDocument(html.clone()));
    (status, document, [(header::CONTENT_TYPE, kind)], html.clone()).into_response()
}
