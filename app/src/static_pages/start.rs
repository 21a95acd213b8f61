//! The start page of an instance without content of its own: what the catalog sells, and the way to the portal.

use leptos::prelude::*;

use crate::{
    checkout::model::Offer,
    shared::branding::{HelpLine, LegalName, Wordmark},
    static_pages::{
        document::{Head, Look, render},
        offers::{OfferCards, Shop},
        plain::Page,
    },
};

/// `/`. `docs` is the documentation's address, if there is one.
pub fn home(look: Look, docs: Option<String>, offers: Vec<Offer>, shop: &Shop) -> String {
    // The page is the same for everyone. The portal asks those to sign in who are not signed in.
    let portal = shop.portal();
    if offers.is_empty() { portal_home(look, portal, docs) } else { shop_home(look, portal, docs, offers, shop) }
}

/// The start page of an instance that sells something.
fn shop_home(look: Look, portal: String, docs: Option<String>, offers: Vec<Offer>, shop: &Shop) -> String {
    render(|| {
        let brand = look.branding.brand.clone();
        let branding = look.branding.clone();
        view! {
            <!DOCTYPE html>
            <html lang="en">
                <Head title="Licenses" look/>
                <body>
                    <a class="skip-link" href="#main">"Skip to content"</a>
                    <header class="bar">
                        <div class="bar-inner bar-shop">
                            <Wordmark branding or="/"/>
                            <nav aria-label="Site" class="cluster bar-end">
                                {docs.map(|href| view! { <a class="button button-small" href=href>"Documentation"</a> })}
                                <a class="button button-small" href=portal>"Your licenses"</a>
                            </nav>
                        </div>
                    </header>
                    <main id="main" class="shop stack-large" tabindex="-1">
                        <div class="stack shop-head">
                            <h1 class="title-1">{format!("{} licenses", brand.name)}</h1>
                            <p class="text-2">
                                "Buy a license here. Your license keys and the computers that use them are under “Your licenses”."
                            </p>
                        </div>
                        <OfferCards offers shop=shop.clone() brand=brand.clone()/>
                    </main>
                    <footer class="footer">
                        <HelpLine brand=brand.clone()/>
                        <LegalName brand/>
                    </footer>
                </body>
            </html>
        }
    })
}

/// The start page of an instance that sells nothing.
fn portal_home(look: Look, portal: String, docs: Option<String>) -> String {
    render(|| {
        let name = look.branding.brand.name.clone();
        view! {
            <Page title="Licenses" look>
                <h1 class="title-1">{format!("{name} licenses")}</h1>
                <p class="text-2">"See your license key and the computers that use it. Free a computer to make room for another."</p>
                <p class="cluster">
                    <a class="button button-accent" href=portal>"Your licenses"</a>
                    {docs.map(|href| view! { <a class="button" href=href>"Documentation"</a> })}
                </p>
            </Page>
        }
    })
}
