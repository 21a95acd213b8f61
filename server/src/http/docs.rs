//! The documentation surface: pages made once at start, without script.

use std::future::{Ready, ready};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use latchkey_app::static_pages::{
    api_reference,
    docs::{self, DocsLink, DocsPage, DocsSection},
};

use crate::{
    docs::{Heading, Library, Page, ROOT},
    http::{api, plain_pages, state::AppState},
};

/// Where the reference of the API is, and its description as a document.
const API: &str = "/docs/api";
const DOCUMENT: &str = "/docs/api/openapi.json";

pub(crate) fn router() -> Router<AppState> {
    let description = api::description();
    let library = match Library::read() {
        Ok(library) => Some(library),
        Err(error) => {
            // Compiled in and under test: this is a build without its content.
            tracing::error!(%error, "the documentation cannot be shown: {error}");
            None
        }
    };
    let sections = sections(library.as_ref());
    let reference = api_reference::page(plain_pages::stylesheet(), &description, DOCUMENT, API, sections.clone());
    let json = HeaderValue::from_static("application/json");
    let mut router = Router::new()
        .route(API, get(page(reference)))
        .route(DOCUMENT, get(file(json, Bytes::from(description.to_string()))));
    let Some(library) = library else {
        return router;
    };
    let pages: Vec<&Page> = library.pages().collect();
    for (at, one) in pages.iter().enumerate() {
        let link = |page: Option<&&Page>| page.map(|page| link(page));
        let whole = DocsPage {
            title: one.title.clone(),
            path: one.path.clone(),
            html: one.html.clone(),
            parts: one.headings.iter().map(part).collect(),
            sections: sections.clone(),
            previous: link(at.checked_sub(1).and_then(|before| pages.get(before))),
            next: link(pages.get(at + 1)),
        };
        router = router.route(&one.path, get(page(docs::page(plain_pages::stylesheet(), whole))));
    }
    for one in &library.files {
        let kind = match one.path.rsplit('.').next() {
            Some("json") => "application/json",
            _ => "text/plain; charset=utf-8",
        };
        let text = Bytes::copy_from_slice(&one.text);
        router = router.route(&one.path, get(file(HeaderValue::from_static(kind), text)));
    }
    router
}

/// All pages, for the navigation of each.
fn sections(library: Option<&Library>) -> Vec<DocsSection> {
    let first = library.map(|library| DocsSection {
        title: "Start".to_owned(),
        links: vec![DocsLink { href: ROOT.to_owned(), title: library.first.title.clone() }],
    });
    let others = library
        .into_iter()
        .flat_map(|library| &library.sections)
        .map(|section| DocsSection { title: section.title.clone(), links: section.pages.iter().map(link).collect() });
    let reference = DocsSection {
        title: "Reference".to_owned(),
        links: vec![DocsLink { href: API.to_owned(), title: "Activation API".to_owned() }],
    };
    first.into_iter().chain(others).chain([reference]).collect()
}

fn link(page: &Page) -> DocsLink {
    DocsLink { href: page.path.clone(), title: page.title.clone() }
}

fn part(heading: &Heading) -> DocsLink {
    DocsLink { href: format!("#{}", heading.id), title: heading.text.clone() }
}

fn page(html: String) -> impl Fn() -> Ready<Response> + Clone + Send + Sync + 'static {
    file(HeaderValue::from_static("text/html; charset=utf-8"), html.into())
}

fn file(kind: HeaderValue, text: Bytes) -> impl Fn() -> Ready<Response> + Clone + Send + Sync + 'static {
    move || ready(([(header::CONTENT_TYPE, kind.clone())], text.clone()).into_response())
}
