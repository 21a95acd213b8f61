//! What all pages of the site have in common: the document, its header and its footer.

use leptos::prelude::*;

use super::{Site, SitePage, model::Passage};
use crate::{
    routes::Page,
    shared::branding::{Contact, Wordmark},
    static_pages::{
        document::{About, Head},
        offers::Shop,
    },
    theme::ThemeForm,
};

/// A page of the site. `title` is its name in tabs and search results, and `description` what search results say.
#[component]
pub(super) fn SiteDocument(
    site: Site,
    page: SitePage,
    #[prop(into)] title: String,
    #[prop(into)] description: String,
    children: Children,
) -> impl IntoView {
    let about = About {
        description,
        url: site.address(&page.path()),
        image: site.has_picture.then(|| site.address(OPEN_GRAPH_IMAGE)),
        feed: Some(SitePage::FEED.to_owned()),
    };
    let look = site.look.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title look about is_site=true/>
            <Frame site page=Some(page)>{children()}</Frame>
        </html>
    }
}

/// What the site shows at an address that has no page, and after a failure.
#[component]
pub(super) fn PagelessDocument(site: Site, title: &'static str, children: Children) -> impl IntoView {
    let look = site.look.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title look is_site=true/>
            <Frame site page=None>{children()}</Frame>
        </html>
    }
}

#[component]
fn Frame(site: Site, page: Option<SitePage>, children: Children) -> impl IntoView {
    view! {
        <body class="site">
            <a class="skip-link" href="#main">"Skip to content"</a>
            <Header site=site.clone() page=page.clone()/>
            <main id="main" tabindex="-1">{children()}</main>
            <Footer site page/>
        </body>
    }
}

/// The picture that other sites show with a link to a page of this one.
pub const OPEN_GRAPH_IMAGE: &str = "/og.png";

/// Its file in the content folder.
pub const OPEN_GRAPH_FILE: &str = "media/og.png";

impl Site {
    /// The whole address of a path.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.links.origin)
    }

    pub(super) fn sign_in(&self) -> String {
        self.shop.address(&Page::SignIn)
    }

    pub(super) fn portal(&self) -> String {
        self.shop.address(&Page::Overview)
    }
}

#[component]
fn Header(site: Site, page: Option<SitePage>) -> impl IntoView {
    let mut links = vec![
        ("Features".to_owned(), "/#features".to_owned(), false),
        ("Pricing".to_owned(), SitePage::Pricing.path(), page == Some(SitePage::Pricing)),
    ];
    links.extend(site.links.docs.clone().map(|docs| ("Docs".to_owned(), docs, false)));
    links.push(("Changelog".to_owned(), SitePage::Changelog.path(), page == Some(SitePage::Changelog)));
    let list = move || {
        links
            .clone()
            .into_iter()
            .map(|(text, href, is_here)| {
                view! { <li><a href=href aria-current=is_here.then_some("page")>{text}</a></li> }
            })
            .collect_view()
    };
    let sign_in = site.sign_in();
    view! {
        <header class="bar site-bar">
            <div class="bar-inner">
                <Wordmark branding=site.look.branding.clone() or="/"/>
                <nav aria-label="Site" class="site-nav"><ul>{list()}</ul></nav>
                <div class="cluster bar-end">
                    <a class="site-sign-in" href=sign_in.clone()>"Sign in"</a>
                    <a class="button button-small button-accent" href=SitePage::Pricing.path()>"Buy"</a>
                    <details class="site-menu">
                        <summary class="button button-small">"Menu"</summary>
                        <nav aria-label="Menu"><ul>{list()} <li><a href=sign_in>"Sign in"</a></li></ul></nav>
                    </details>
                </div>
            </div>
        </header>
    }
}

#[component]
fn Footer(site: Site, page: Option<SitePage>) -> impl IntoView {
    let brand = site.look.branding.brand.clone();
    let imprint = brand.imprint().join(", ");
    let docs = site.links.docs.clone();
    let api = site.links.api_reference.clone();
    let legal = site.legal.iter().map(|page| {
        let (href, title) = (SitePage::Legal(page.slug.clone()).path(), page.title.clone());
        view! { <li><a href=href>{title}</a></li> }
    });
    let theme = (site.shop == Shop::Here)
        .then(|| view! { <ThemeForm><input r#type="hidden" name="back" value=page.unwrap_or(SitePage::Home).path()/></ThemeForm> });
    let contact = brand.clone();
    view! {
        <footer class="site-footer">
            {site.content.risk.clone().map(|risk| view! { <Risk risk/> })}
            <div class="site-footer-columns">
                <nav aria-label="Product">
                    <h2 class="title-3">"Product"</h2>
                    <ul>
                        <li><a href="/#features">"Features"</a></li>
                        <li><a href=SitePage::Pricing.path()>"Pricing"</a></li>
                        <li><a href=SitePage::Downloads.path()>"Downloads"</a></li>
                        <li><a href=SitePage::Changelog.path()>"Changelog"</a></li>
                    </ul>
                </nav>
                <nav aria-label="Help">
                    <h2 class="title-3">"Help"</h2>
                    <ul>
                        <li><a href=SitePage::Questions.path()>"Questions and answers"</a></li>
                        <li><a href=SitePage::LostKey.path()>"Lost your key?"</a></li>
                        {docs.map(|href| view! { <li><a href=href>"Documentation"</a></li> })}
                        {brand.support.clone().map(|support| view! {
                            <li><a href=support.href() rel="external">"Contact"</a></li>
                        })}
                    </ul>
                </nav>
                <nav aria-label="Account">
                    <h2 class="title-3">"Account"</h2>
                    <ul>
                        <li><a href=site.portal()>"Your licenses"</a></li>
                        <li><a href=site.sign_in()>"Sign in"</a></li>
                        {api.map(|href| view! { <li><a href=href>"Activation API"</a></li> })}
                    </ul>
                </nav>
                <nav aria-label="Legal">
                    <h2 class="title-3">"Legal"</h2>
                    <ul>{legal.collect_view()}</ul>
                </nav>
            </div>
            <div class="site-footer-end">
                <p class="small text-2">{imprint} ". For help, " <Contact brand=contact/> "."</p>
                {theme}
            </div>
        </footer>
    }
}

/// What buyers must know about risks, in the size of the main text.
#[component]
fn Risk(risk: Passage) -> impl IntoView {
    view! {
        <section class="site-risk" aria-labelledby="risk">
            <h2 class="title-3" id="risk">{risk.title}</h2>
            <p>{risk.text}</p>
        </section>
    }
}
