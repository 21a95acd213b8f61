//! The documentation: pages rendered once at startup, without scripts.

mod generated;
mod library;
pub(crate) mod search;

use axum::body::Bytes;
use latchkey_app::static_pages::{
    api_reference,
    docs::{self, DocsLink, DocsPage, DocsSection},
    document::Look,
};

use crate::{
    content::markdown::Heading,
    http::{
        api,
        static_pages::prerendered::{HTML, Prerendered},
    },
};

use library::{Library, Page};
use search::{Index, SearchState};

pub(crate) use library::ROOT;

/// The paths of the API reference, and of its OpenAPI document.
pub(crate) const API: &str = "/docs/api";

/// The section with the API reference.
const REFERENCE: &str = "Reference";

const DOCUMENT: &str = "/docs/api/openapi.json";

/// Adds all pages and files of the documentation. Returns what its search needs.
pub(crate) fn add(to: &mut Prerendered, look: &Look) -> SearchState {
    let description = api::description();
    let library = match Library::read() {
        Ok(library) => Some(library),
        Err(error) => {
            // Tests check the compiled-in documentation, so this happens only in a build without it.
            tracing::error!(%error, "the documentation cannot be shown: {error}");
            None
        }
    };
    let sections = sections(library.as_ref());
    let reference = api_reference::page(look.clone(), &description, DOCUMENT, API, sections.clone());
    to.add(API, HTML, reference);
    to.add(DOCUMENT, "application/json", description.to_string());
    let Some(library) = library else {
        return SearchState::new(Index::default(), sections, look.clone());
    };
    let pages: Vec<&Page> = library.pages().collect();
    for (at, source) in pages.iter().enumerate() {
        let link = |page: Option<&&Page>| page.map(|page| link(page));
        let page = DocsPage {
            title: source.title.clone(),
            path: source.path.clone(),
            description: source.summary.clone(),
            html: source.html.clone(),
            parts: source.headings.iter().map(part).collect(),
            sections: sections.clone(),
            previous: link(at.checked_sub(1).and_then(|before| pages.get(before))),
            next: link(pages.get(at + 1)),
        };
        to.add(&source.path, HTML, docs::page(look.clone(), page));
    }
    for file in &library.files {
        let kind = match file.path.rsplit('.').next() {
            Some("json") => "application/json",
            _ => "text/plain; charset=utf-8",
        };
        to.add(&file.path, kind, Bytes::copy_from_slice(&file.text));
    }
    SearchState::new(Index::new(&library, &description), sections, look.clone())
}

/// All pages, for the navigation on each page.
fn sections(library: Option<&Library>) -> Vec<DocsSection> {
    let first = library.map(|library| DocsSection {
        title: "Start".to_owned(),
        links: vec![DocsLink { href: ROOT.to_owned(), title: library.first.title.clone() }],
    });
    let others = library
        .into_iter()
        .flat_map(|library| &library.sections)
        .map(|section| DocsSection { title: section.title.clone(), links: section.pages.iter().map(link).collect() });
    let mut all: Vec<DocsSection> = first.into_iter().chain(others).collect();
    let api = DocsLink { href: API.to_owned(), title: "Activation API".to_owned() };
    match all.last_mut().filter(|last| last.title == REFERENCE) {
        Some(reference) => reference.links.insert(0, api),
        None => all.push(DocsSection { title: REFERENCE.to_owned(), links: vec![api] }),
    }
    all
}

fn link(page: &Page) -> DocsLink {
    DocsLink { href: page.path.clone(), title: page.title.clone() }
}

fn part(heading: &Heading) -> DocsLink {
    DocsLink { href: format!("#{}", heading.id), title: heading.text.clone() }
}
