//! The documentation's pages, rendered once at startup. They need no script. One that copies code is on pages that have some.

pub mod copy;
mod search;
mod shell;

use leptos::prelude::*;

use crate::{
    shared::branding::Branding,
    static_pages::document::{Look, render},
};

pub use search::{Found, search};
pub(crate) use shell::DocsDocument;

/// The page that searches the documentation.
pub const SEARCH: &str = "/docs/search";

/// Whose a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    /// The vendor's, for customers.
    Vendor,
    /// Latchkey's, for authors of apps and for operators.
    Latchkey,
}

impl Book {
    /// What stands beside the name of whose it is.
    const fn title(self) -> &'static str {
        match self {
            Self::Vendor => "Help",
            Self::Latchkey => "Docs",
        }
    }

    /// How its pages look: the vendor's with its name, color and logo, Latchkey's with its own.
    fn look(self, look: Look) -> Look {
        match self {
            Self::Vendor => look,
            Self::Latchkey => Look { branding: Branding::default(), ..look },
        }
    }
}

/// A link to a page or to a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsLink {
    pub href: String,
    pub title: String,
}

/// A group of pages.
#[derive(Clone, Debug)]
pub struct DocsSection {
    pub book: Book,
    pub title: String,
    pub links: Vec<DocsLink>,
}

/// A page and its context.
#[derive(Clone, Debug)]
pub struct DocsPage {
    pub book: Book,
    pub title: String,
    pub path: String,
    /// What search results say about the page.
    pub description: String,
    /// The page itself, as our own HTML.
    pub html: String,
    /// The headings on the page.
    pub parts: Vec<DocsLink>,
    /// All pages.
    pub sections: Vec<DocsSection>,
    pub previous: Option<DocsLink>,
    pub next: Option<DocsLink>,
}

/// The page as a complete document.
pub fn page(look: Look, page: DocsPage) -> String {
    let html = render(move || {
        let DocsPage { book, title, path, description, html, parts, sections, previous, next } = page;
        let parts: Vec<_> =
            parts.into_iter().map(|part| view! { <li><a href=part.href>{part.title}</a></li> }).collect();
        let has_parts = parts.len() > 1;
        let previous = previous.map(|link| view! { <a href=link.href rel="prev">"← " {link.title}</a> });
        let next = next.map(|link| view! { <a href=link.href rel="next" class="docs-next">{link.title} " →"</a> });
        view! {
            <DocsDocument title look path book description sections>
                <main id="main" class="docs-main" tabindex="-1">
                    <article><Rendered html class="prose"/></article>
                    <nav aria-label="Previous and next page" class="docs-turn">{previous} {next}</nav>
                </main>
                {has_parts.then(|| view! {
                    <nav aria-label="On this page" class="docs-parts">
                        <span class="docs-section">"On this page"</span>
                        <ul>{parts}</ul>
                    </nav>
                })}
            </DocsDocument>
        }
    });
    copy::with_script(html)
}

/// HTML that the server made from the documentation's own texts, in which raw HTML is not rendered.
#[component]
pub(crate) fn Rendered(html: String, class: &'static str) -> impl IntoView {
    view! { <div class=class inner_html=html></div> }
}
