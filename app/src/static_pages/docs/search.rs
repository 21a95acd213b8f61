//! The page that shows what was found.

use leptos::prelude::*;

use super::{Book, DocsDocument, DocsLink, DocsSection, SEARCH};
use crate::static_pages::document::{Look, render};

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
            <DocsDocument title="Search".to_owned() look path=SEARCH book=Book::Vendor description="Search the documentation." sections query=query.clone()>
                <main id="main" class="docs-main stack" tabindex="-1">
                    <h1 class="title-1">"Search"</h1>
                    <p class="text-2" role="status">{count}</p>
                    {(!is_empty).then(|| view! { <ol class="found">{items.collect_view()}</ol> })}
                </main>
            </DocsDocument>
        }
    })
}
