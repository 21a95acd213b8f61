//! The documentation: pages rendered once at startup. They need no script; those with code have one that copies it, which
//! their policy names by its hash.

mod examples;
mod reference;
pub(crate) mod search;

use std::{future::ready, sync::Arc};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_app::static_pages::{
    api_reference,
    docs::{self, Book, DocsLink, DocsPage, DocsSection, copy},
    document::Look,
};
use sha2::{Digest, Sha256};

use crate::{
    content::{
        documentation::{Library, Page},
        markdown::Heading,
    },
    http::{
        api,
        layers::headers::page_policy,
        static_pages::prerendered::{self, HTML, Prerendered},
    },
};

use search::{Index, SearchState};

pub(crate) use crate::content::documentation::ROOT;

/// The paths of the API reference, and of its OpenAPI document.
pub(crate) const API: &str = "/docs/api";
const API_TITLE: &str = "Activation API";

/// The section with the API reference.
const REFERENCE: &str = "Reference";

const DOCUMENT: &str = "/docs/api/openapi.json";

/// Adds all pages and files of the documentation. Returns what its search needs.
pub(crate) fn add(to: &mut Prerendered, look: &Look, library: Library) -> SearchState {
    let description = api::description();
    let sections = sections(&library);
    let mut reference_parts = Vec::new();
    if let Some((reference, parts)) = reference::reference(&description) {
        add_page(to, API, api_reference::page(look.clone(), reference, sections.clone()));
        reference_parts = parts;
    }
    to.add(DOCUMENT, "application/json", description.to_string());
    let pages: Vec<&Page> = library.pages().collect();
    for (at, source) in pages.iter().enumerate() {
        // The end of a book is not followed by the other.
        let link = |page: Option<&&Page>| page.filter(|page| page.book == source.book).map(|page| link(page));
        let page = DocsPage {
            book: source.book,
            title: source.title.clone(),
            path: source.path.clone(),
            description: source.summary.clone(),
            html: source.html.clone(),
            parts: source.headings.iter().map(part).collect(),
            sections: sections.clone(),
            previous: link(at.checked_sub(1).and_then(|before| pages.get(before))),
            next: link(pages.get(at + 1)),
        };
        add_page(to, &source.path, docs::page(look.clone(), page));
    }
    for file in &library.files {
        let kind = match file.path.rsplit('.').next() {
            Some("json") => "application/json",
            _ => "text/plain; charset=utf-8",
        };
        to.add(&file.path, kind, Bytes::copy_from_slice(&file.text));
    }
    SearchState::new(Index::new(&library, &reference_parts, &description), sections, look.clone())
}

/// Adds a page, whose policy allows the script that copies code if the page has it.
fn add_page(to: &mut Prerendered, path: &str, html: String) {
    if !copy::has_script(&html) {
        to.add(path, HTML, html);
        return;
    }
    let headers = with_script(to.headers());
    let page = Arc::new(prerendered::Page::new(&headers, HTML, html.into()));
    to.add_changing(path, move || ready(Arc::clone(&page)));
}

/// The headers of a page that has the script and no other.
fn with_script(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    let hash = STANDARD.encode(Sha256::digest(copy::COPY_SCRIPT));
    let policy = page_policy("'self'");
    let policy = format!("{}; script-src 'sha256-{hash}'", policy.to_str().unwrap_or("default-src 'none'"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// All pages, for the navigation on each page.
fn sections(library: &Library) -> Vec<DocsSection> {
    let mut all: Vec<DocsSection> = library
        .sections
        .iter()
        .map(|section| DocsSection {
            book: section.book,
            title: section.title.clone(),
            links: section.pages.iter().map(link).collect(),
        })
        .collect();
    let api = DocsLink { href: API.to_owned(), title: API_TITLE.to_owned() };
    match all.last_mut().filter(|last| last.title == REFERENCE) {
        Some(reference) => reference.links.insert(0, api),
        None => all.push(DocsSection { book: Book::Latchkey, title: REFERENCE.to_owned(), links: vec![api] }),
    }
    all
}

fn link(page: &Page) -> DocsLink {
    DocsLink { href: page.path.clone(), title: page.title.clone() }
}

fn part(heading: &Heading) -> DocsLink {
    DocsLink { href: format!("#{}", heading.id), title: heading.text.clone() }
}
