//! The documentation's pages, rendered once at startup, without scripts.

use leptos::prelude::*;

use crate::{
    shared::branding::Wordmark,
    static_pages::document::{About, Head, Look, render},
    theme::ThemeForm,
};

/// A link to a page or to a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsLink {
    pub href: String,
    pub title: String,
}

/// The page that searches the documentation.
pub const SEARCH: &str = "/docs/search";

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

/// The document around every page of the documentation. `path` is the current page, which the navigation
/// marks.
#[component]
pub(crate) fn DocsDocument(
    title: String,
    look: Look,
    #[prop(into)] path: String,
    /// What search results say about the page.
    #[prop(into)]
    description: String,
    sections: Vec<DocsSection>,
    /// What was searched for.
    #[prop(optional)]
    query: Option<String>,
    children: Children,
) -> impl IntoView {
    let branding = look.branding.clone();
    let portal = look.portal.clone();
    // The form is the portal's.
    let is_here = portal.as_ref().is_some_and(|portal| portal.starts_with('/'));
    let about = About { description, url: format!("{}{path}", look.origin), image: None, feed: None };
    let back = path.clone();
    let brand = branding.brand.clone();
    let list = || {
        let sections = sections.iter().map(|section| {
            let links = section.links.iter().map(|link| {
                let here = (link.href == path).then_some("page");
                view! { <li><a href=link.href.clone() aria-current=here>{link.title.clone()}</a></li> }
            });
            view! { <li><span class="docs-section">{section.title.clone()}</span> <ul>{links.collect_view()}</ul></li> }
        });
        sections.collect_view()
    };
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title=format!("{title} · Docs") look about/>
            <body>
                <a class="skip-link" href="#main">"Skip to content"</a>
                <header class="bar">
                    <div class="bar-inner bar-docs">
                        <Wordmark branding or="/docs"/>
                        <a class="docs-home" href="/docs">"Docs"</a>
                        <div class="cluster bar-end">
                            <form method="get" action=SEARCH role="search" class="docs-search">
                                <label class="visually-hidden" for="docs-search">"Search the documentation"</label>
                                <input id="docs-search" name="q" r#type="search" placeholder="Search" value=query maxlength="100"/>
                            </form>
                            {portal.map(|href| view! { <a class="button button-small" href=href>"Your licenses"</a> })}
                        </div>
                    </div>
                </header>
                // On narrow screens, in place of the list beside the page.
                <details class="docs-menu">
                    <summary>"All pages"</summary>
                    <nav aria-label="All pages" class="docs-nav-list"><ul>{list()}</ul></nav>
                </details>
                <div class="docs">
                    <nav aria-label="Documentation" class="docs-nav">
                        <ul>{list()}</ul>
                    </nav>
                    {children()}
                </div>
                <footer class="footer docs-footer">
                    <p class="small text-2">{brand.imprint().join(", ")} ". Latchkey " {env!("CARGO_PKG_VERSION")}</p>
                    {is_here.then(|| view! { <ThemeForm><input r#type="hidden" name="back" value=back/></ThemeForm> })}
                </footer>
            </body>
        </html>
    }
}

/// The page as a complete document.
pub fn page(look: Look, page: DocsPage) -> String {
    render(move || {
        let DocsPage { title, path, description, html, parts, sections, previous, next } = page;
        let parts: Vec<_> =
            parts.into_iter().map(|part| view! { <li><a href=part.href>{part.title}</a></li> }).collect();
        let has_parts = parts.len() > 1;
        let previous = previous.map(|link| view! { <a href=link.href rel="prev">"← " {link.title}</a> });
        let next = next.map(|link| view! { <a href=link.href rel="next" class="docs-next">{link.title} " →"</a> });
        view! {
            <DocsDocument title look path description sections>
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

/// What was found in a part of a page.
#[derive(Clone, Debug)]
pub struct Found {
    pub link: DocsLink,
    /// The page that it is part of.
    pub page: String,
    /// Some words around what was found.
    pub excerpt: String,
}

/// The page that shows what was found for a query.
pub fn search(look: Look, sections: Vec<DocsSection>, query: String, found: Vec<Found>) -> String {
    render(move || {
        let is_empty = found.is_empty();
        let count = match found.len() {
            _ if query.is_empty() => "Type a word, an error code, a setting or a command.".to_owned(),
            0 => format!("Nothing was found for “{query}”. Try fewer or other words."),
            1 => format!("One place for “{query}”"),
            many => format!("{many} places for “{query}”"),
        };
        let items = found.into_iter().map(|found| {
            view! {
                <li>
                    <a href=found.link.href>{found.link.title}</a>
                    " "
                    <span class="small text-2">{found.page}</span>
                    <p class="text-2">{found.excerpt}</p>
                </li>
            }
        });
        view! {
            <DocsDocument title="Search".to_owned() look path=SEARCH description="Search the documentation." sections query=query.clone()>
                <main id="main" class="docs-main stack" tabindex="-1">
                    <h1 class="title-1">"Search"</h1>
                    <p class="text-2" role="status">{count}</p>
                    {(!is_empty).then(|| view! { <ol class="found">{items.collect_view()}</ol> })}
                </main>
            </DocsDocument>
        }
    })
}
