//! Shown if there is no page at an address.

use leptos::prelude::*;

use crate::{
    routes::Page,
    shared::{branding::use_branding, components::PageTitle},
};

#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    set_status();
    let portal = use_branding().in_portal(&Page::Overview);
    view! {
        <PageTitle text="Not found"/>
        <main id="main" class="narrow">
            <div class="crosshair" aria-hidden="true"></div>
            <h1 class="title-1">"Not found"</h1>
            <p class="text-2">"There is no page at this address."</p>
            <p><a class="button" href=portal rel="external">"Go to the portal"</a></p>
        </main>
    }
}

/// Sets the response's status.
#[cfg(feature = "ssr")]
fn set_status() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
}

#[cfg(not(feature = "ssr"))]
fn set_status() {}
