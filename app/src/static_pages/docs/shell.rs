//! The document around every page of the documentation.

use leptos::prelude::*;

use super::{Book, DocsLink, DocsSection, SEARCH};
use crate::{
    shared::branding::{Contact, Wordmark},
    static_pages::document::{About, Head, Look},
    theme::ThemeForm,
};

/// The document around a page at `path`, which the navigation marks.
#[component]
pub(crate) fn DocsDocument(
    title: String,
    look: Look,
    #[prop(into)] path: String,
    /// Whose page it is.
    book: Book,
    /// What search results say about the page.
    #[prop(into)]
    description: String,
    /// All pages, of both books.
    sections: Vec<DocsSection>,
    /// What was searched for.
    #[prop(optional)]
    query: Option<String>,
    children: Children,
) -> impl IntoView {
    let look = book.look(look);
    let branding = look.branding.clone();
    let portal = look.portal.clone();
    // The form is the portal's.
    let is_here = portal.as_ref().is_some_and(|portal| portal.starts_with('/'));
    let about = About { description, url: format!("{}{path}", look.origin), image: None, feed: None };
    let back = path.clone();
    let brand = branding.brand.clone();
    let groups = groups(&sections, book);
    let list = || {
        let groups = groups.iter().map(|(title, links)| {
            let links = links.iter().map(|link| {
                let here = (link.href == path).then_some("page");
                view! { <li><a href=link.href.clone() aria-current=here>{link.title.clone()}</a></li> }
            });
            view! { <li><span class="docs-section">{title.clone()}</span> <ul>{links.collect_view()}</ul></li> }
        });
        groups.collect_view()
    };
    let imprint = match book {
        Book::Vendor => view! {
            <p class="small text-2">{brand.imprint().join(", ")} ". For help, " <Contact brand/> "."</p>
        }
        .into_any(),
        Book::Latchkey => view! { <p class="small text-2">"Latchkey " {env!("CARGO_PKG_VERSION")}</p> }.into_any(),
    };
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title=format!("{title} · {}", book.title()) look about/>
            <body>
                <a class="skip-link" href="#main">"Skip to content"</a>
                <header class="bar">
                    <div class="bar-inner bar-docs">
                        <Wordmark branding or="/docs"/>
                        <a class="docs-home" href="/docs">{book.title()}</a>
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
                    {imprint}
                    {is_here.then(|| view! { <ThemeForm><input r#type="hidden" name="back" value=back/></ThemeForm> })}
                </footer>
            </body>
        </html>
    }
}

/// The pages that the navigation shows: all of this book, and the first ones of the sections of the other.
fn groups(sections: &[DocsSection], book: Book) -> Vec<(String, Vec<DocsLink>)> {
    let own = sections.iter().filter(|section| section.book == book);
    let own = own.map(|section| (section.title.clone(), section.links.clone()));
    let doors = sections.iter().filter(|section| section.book != book).filter_map(|section| {
        let first = section.links.first()?;
        Some(DocsLink { href: first.href.clone(), title: section.title.clone() })
    });
    let other = match book {
        Book::Vendor => "For app authors and operators",
        Book::Latchkey => "For customers",
    };
    let doors: Vec<DocsLink> = doors.collect();
    own.chain((!doors.is_empty()).then(|| (other.to_owned(), doors))).collect()
}
