//! Pages that belong to no surface: for missing pages, for failures, and on the way to the payment provider.

use leptos::prelude::*;

use crate::{
    shared::branding::{Branding, LegalName},
    static_pages::document::{Head, Look, render},
};

#[component]
pub(super) fn Page(title: &'static str, look: Look, children: Children) -> impl IntoView {
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

/// The page for a form of which a field is missing or cannot be read.
pub fn bad_form(look: Look) -> String {
    render(|| {
        let home = home_link(&look.branding);
        view! {
            <Page title="Error" look>
                <h1 class="title-1">"This form is not complete"</h1>
                <p class="text-2">
                    "A field is missing, or it has a value that cannot be read. Nothing was changed. Go back, reload the page, and try again."
                </p>
                {home}
            </Page>
        }
    })
}

/// A link to the start page, if this instance has one.
fn home_link(branding: &Branding) -> Option<impl IntoView + use<>> {
    branding.home.clone().map(|href| view! { <p><a class="button" href=href>"Start page"</a></p> })
}
