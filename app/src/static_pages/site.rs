//! Pages that are only HTML: no router, hydration or scripts. Rendered in advance, not for each request.

use latchkey_licensing::portal_paths;
use leptos::prelude::*;

use crate::{
    checkout::model::Offer,
    routes::{self, NextPath, confirm_for},
    server_side::Theme,
    shared::branding::{Branding, HelpLine, LegalName, Wordmark},
    static_pages::offers::{OfferCard, Shop},
};

/// The field with the version of the record that a form was made for. People do not see it.
const VERSION: &str = "version";

/// How pages look: the style sheet and the vendor's branding.
#[derive(Clone, Debug)]
pub struct Look {
    /// The style sheet's URL.
    pub stylesheet: String,
    pub branding: Branding,
}

/// The document's head.
#[component]
pub(crate) fn Head(
    #[prop(into)] title: String,
    look: Look,
    /// The page to which the browser goes on by itself.
    #[prop(optional)]
    goes_on_to: Option<String>,
) -> impl IntoView {
    let Look { stylesheet, branding } = look;
    let accent = branding.stylesheet.map(|href| view! { <link rel="stylesheet" href=href/> });
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            // Set as HTML, because the framework's marker after text would become part of the title.
            <title inner_html=escaped(&format!("{title} · {}", branding.brand.name))></title>
            <link rel="stylesheet" href=stylesheet/>
            {accent}
            <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
            {goes_on_to.map(|url| view! { <meta http-equiv="refresh" content=format!("0; url={url}")/> })}
        </head>
    }
}

/// Escapes text for the content of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[component]
fn Page(title: &'static str, look: Look, children: Children) -> impl IntoView {
    let brand = look.branding.brand.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <Head title look/>
            <body>
                <main id="main" class="narrow">
                    <div class="card stack">{children()}</div>
                </main>
                <footer class="footer"><LegalName brand/></footer>
            </body>
        </html>
    }
}

pub(crate) fn render<V: IntoView>(page: impl FnOnce() -> V) -> String {
    Owner::new().with(|| page().to_html())
}

/// A rendered document in a theme.
pub fn with_theme(html: &str, theme: Theme) -> String {
    html.replacen("<html lang=\"en\"", &format!("<html lang=\"en\" data-theme=\"{}\"", theme.as_str()), 1)
}

/// `/`. `docs` is the documentation's path, if this instance has it.
pub fn home(look: Look, docs: Option<&'static str>, offers: Vec<Offer>, shop: &Shop) -> String {
    // The page is the same for everyone. The portal asks those to sign in who are not signed in.
    let portal = shop.portal();
    if offers.is_empty() { portal_home(look, portal, docs) } else { shop_home(look, portal, docs, offers, shop) }
}

/// The start page of an instance that sells something.
fn shop_home(look: Look, portal: String, docs: Option<&'static str>, offers: Vec<Offer>, shop: &Shop) -> String {
    render(|| {
        let brand = look.branding.brand.clone();
        let branding = look.branding.clone();
        let products: Vec<String> = offers.iter().map(|offer| offer.product.clone()).collect();
        let has_several = |product: &String| products.iter().filter(|other| *other == product).count() > 1;
        let cards = offers.into_iter().map(|offer| {
            let by_policy = has_several(&offer.product);
            view! { <OfferCard offer by_policy shop=shop.clone() brand=brand.clone()/> }
        });
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
                        <div class="offers">{cards.collect_view()}</div>
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
fn portal_home(look: Look, portal: String, docs: Option<&'static str>) -> String {
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

/// Leads to a page of the payment provider to which a form must not redirect.
pub fn leave(look: Look, url: &str) -> String {
    render(|| {
        let url = url.to_owned();
        let brand = look.branding.brand.clone();
        view! {
            <!DOCTYPE html>
            <html lang="en">
                <Head title="Payment" look goes_on_to=url.clone()/>
                <body>
                    <main id="main" class="narrow">
                        <div class="card stack">
                            <h1 class="title-1">"Continue to Stripe"</h1>
                            <p><a class="button button-accent" href=url>"Continue"</a></p>
                        </div>
                    </main>
                    <footer class="footer"><LegalName brand/></footer>
                </body>
            </html>
        }
    })
}

/// Why a form was not carried out, and the page that changes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The session has ended.
    SignedOut,
    /// The second factor has yet to be presented.
    Unconfirmed,
}

/// The form that was sent to `path`, which was not carried out, with everything that was entered, and a way to send it again.
pub fn kept_form(look: Look, why: NotSent, path: &str, fields: &[(String, String)]) -> String {
    let next = NextPath::after_sign_in(path, None);
    let (title, text, href, link) = match why {
        NotSent::SignedOut => (
            "Your session has ended",
            "Nothing was done. What you entered is kept on this page. Sign in in a new tab, come back to this one, and send it again.",
            next.as_ref().map_or_else(|| portal_paths::SIGN_IN.to_owned(), NextPath::sign_in),
            "Sign in in a new tab",
        ),
        NotSent::Unconfirmed => (
            "Confirm that it is you",
            "Nothing was done. What you entered is kept on this page. Confirm in a new tab that it is you, come back to this one, and send it again.",
            next.as_ref().map_or_else(|| routes::Page::Confirm.path(), |next| confirm_for(next.as_str())),
            "Confirm in a new tab",
        ),
    };
    let (path, entered, fields) = (path.to_owned(), entered(fields), fields.to_vec());
    render(|| {
        let hidden = fields.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> });
        let entered = entered.into_iter().map(|(name, values)| {
            let values = values.into_iter().map(|value| view! { <dd class="break-anywhere as-typed">{value}</dd> });
            view! { <div><dt>{name}</dt>{values.collect_view()}</div> }
        });
        view! {
            <Page title look>
                <h1 class="title-1">{title}</h1>
                <p class="text-2">{text}</p>
                <dl class="facts">{entered.collect_view()}</dl>
                <form method="post" action=path class="cluster">
                    {hidden.collect_view()}
                    <a class="button button-accent" href=href target="_blank" rel="noopener">{link}</a>
                    <button r#type="submit" class="button">"Send again"</button>
                </form>
            </Page>
        }
    })
}

/// What a person entered into a form, by field: without empty fields, and without the version of the record.
fn entered(fields: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in fields.iter().filter(|(name, value)| name != VERSION && !value.trim().is_empty()) {
        let words = in_words(name);
        match found.iter_mut().find(|(known, _)| *known == words) {
            Some((_, values)) => values.push(value.clone()),
            None => found.push((words, vec![value.clone()])),
        }
    }
    found
}

/// The name of a field as a label: `max_machines` is `Max machines`.
fn in_words(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub fn not_found(look: Look) -> String {
    render(|| {
        let home = home_link(&look.branding);
        view! {
            <Page title="Not found" look>
                <div class="crosshair" aria-hidden="true"></div>
                <h1 class="title-1">"Not found"</h1>
                <p class="text-2">"There is no page at this address."</p>
                {home}
            </Page>
        }
    })
}

/// The page for an internal error.
pub fn failed(look: Look) -> String {
    render(|| {
        let home = home_link(&look.branding);
        view! {
            <Page title="Error" look>
                <h1 class="title-1">"Something went wrong"</h1>
                <p class="text-2">"The server failed. Try again in a moment."</p>
                {home}
            </Page>
        }
    })
}

/// A link to the start page, if this instance has one.
fn home_link(branding: &Branding) -> Option<impl IntoView + use<>> {
    branding.home.clone().map(|href| view! { <p><a class="button" href=href>"Start page"</a></p> })
}
