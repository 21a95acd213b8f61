//! The frame of the pages around a checkout.

use leptos::prelude::*;

use crate::{
    routes::Page,
    shared::branding::{HelpLine, LegalName, Wordmark, use_branding},
    theme::ThemeChoice,
};

#[component]
pub(crate) fn CheckoutFrame(children: Children) -> impl IntoView {
    let branding = use_branding();
    let brand = branding.brand.clone();
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <header class="sign-in-bar">
            <Wordmark branding or=Page::Overview.path()/>
        </header>
        <main id="main" class="narrow narrow-checkout" tabindex="-1">
            <div class="card stack">{children()}</div>
        </main>
        <footer class="footer">
            <div>
                <HelpLine brand=brand.clone()/>
                <LegalName brand/>
            </div>
            <ThemeChoice/>
        </footer>
    }
}
