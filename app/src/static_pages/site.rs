//! Pages that are only HTML: no router, hydration or scripts. Rendered once at startup.

use leptos::prelude::*;

use crate::shared::branding::{Branding, LegalName};

/// How pages look: the style sheet and the vendor's branding.
#[derive(Clone, Debug)]
pub struct Look {
    /// The style sheet's URL.
    pub stylesheet: String,
    pub branding: Branding,
}

/// The document's head.
#[component]
pub(crate) fn Head(#[prop(into)] title: String, look: Look) -> impl IntoView {
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

/// `/`. `docs` is the documentation's path, if this instance has it.
pub fn home(look: Look, sign_in: String, docs: Option<&'static str>) -> String {
    render(|| {
        let name = look.branding.brand.name.clone();
        view! {
            <Page title="Licenses" look>
                <h1 class="title-1">{format!("{name} licenses")}</h1>
                <p class="text-2">"See your license key and the computers that use it. Free a computer to make room for another."</p>
                <p class="cluster">
                    <a class="button button-accent" href=sign_in>"Sign in"</a>
                    {docs.map(|href| view! { <a class="button" href=href>"Documentation"</a> })}
                </p>
            </Page>
        }
    })
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
