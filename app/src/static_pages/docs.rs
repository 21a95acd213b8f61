//! The documentation's pages, rendered once at startup, without scripts.

use leptos::prelude::*;

use crate::{
    shared::branding::{LegalName, Wordmark},
    static_pages::document::{Head, Look, render},
};

/// A link to a page or to a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsLink {
    pub href: String,
    pub title: String,
}

/// A group of pages.
#[derive(Clone, Debug)]
pub struct DocsSection {
    pub title: String,
    pub links: Vec<DocsLink>,
}

/// A page and its context.
#[derive(Clone, Debug)]
pub struct DocsPage {
    pub title: String,
    pub path: String,
    /// The page itself, as our own HTML.
    pub html: String,
    /// The headings on the page.
    pub parts: Vec<DocsLink>,
    /// All pages.
    pub sections: Vec<DocsSection>,
    pub previous: Option<DocsLink>,
    pub next: Option<DocsLink>,
}

/// The document around every page of the documentation. `path` is the current page, which the navigation
/// marks.
#[component]
pub(crate) fn DocsDocument(
    title: String,
    look: Look,
    #[prop(into)] path: String,
    sections: Vec<DocsSection>,
    children: Children,
) -> impl IntoView {
    let branding = look.branding.clone();
    let brand = branding.brand.clone();
    let sections = sections.into_iter().map(|section| {
        let links = section.links.into_iter().map(|link| {
            let here = (link.href == path).then_some("page");
            view! { <li><a href=link.href aria-current=here>{link.title}</a></li> }
        });
        view! { <li><span class="docs-section">{section.title}</span> <ul>{links.collect_view()}</ul></li> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title=format!("{title} · Docs") look/>
            <body>
                <a class="skip-link" href="#main">"Skip to content"</a>
                <header class="bar">
                    <div class="bar-inner bar-docs">
                        <Wordmark branding or="/docs"/>
                        <a class="docs-home" href="/docs">"Docs"</a>
                    </div>
                </header>
                <div class="docs">
                    <nav aria-label="Documentation" class="docs-nav">
                        <ul>{sections.collect_view()}</ul>
                    </nav>
                    {children()}
                </div>
                <footer class="footer"><LegalName brand/></footer>
            </body>
        </html>
    }
}

/// The page as a complete document.
pub fn page(look: Look, page: DocsPage) -> String {
    render(move || {
        let DocsPage { title, path, html, parts, sections, previous, next } = page;
        let parts: Vec<_> =
            parts.into_iter().map(|part| view! { <li><a href=part.href>{part.title}</a></li> }).collect();
        let has_parts = parts.len() > 1;
        let previous = previous.map(|link| view! { <a href=link.href rel="prev">"← " {link.title}</a> });
        let next = next.map(|link| view! { <a href=link.href rel="next" class="docs-next">{link.title} " →"</a> });
        view! {
            <DocsDocument title look path sections>
                <main id="main" class="docs-main" tabindex="-1">
                    // The documentation's own pages, in which raw HTML is not rendered.
                    <article class="prose" inner_html=html></article>
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
    })
}
