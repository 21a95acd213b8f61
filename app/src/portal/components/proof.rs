//! Leads to the page that asks who the person is, before something sensitive.

use leptos::prelude::*;

use crate::routes::Page;

#[component]
pub(crate) fn Proof(
    /// The page that asks for the proof and leads back.
    href: String,
) -> impl IntoView {
    view! {
        <p class="notice">"This needs a new proof that it is you: you signed in, or used your passkey, more than 5 minutes ago."</p>
        <div class="cluster">
            <a class="button" href=Page::Account.path()>"Cancel"</a>
            // Signing in leads to a newly loaded page.
            <a class="button button-accent" href=href rel="external">"Confirm that it is you"</a>
        </div>
    }
}
