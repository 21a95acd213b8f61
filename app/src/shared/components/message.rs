//! Messages about what was done or what failed.

use leptos::prelude::*;

use crate::{
    routes::{Page, sign_in_for},
    shared::{
        address::use_address,
        branding::use_branding,
        components::{Heading, Icon, IconName},
        error::{UiError, is_offline},
        flash::Flash,
    },
};

/// A message that is shown once.
#[component]
pub(crate) fn Message(flash: Flash) -> impl IntoView {
    let is_bad = flash.is_failure();
    let (class, icon) =
        if is_bad { ("message message-bad", IconName::Warning) } else { ("message message-good", IconName::Check) };
    view! {
        <p class=class role=is_bad.then_some("alert")>
            <Icon name=icon/>
            <span>{flash.text(&use_branding().brand)}</span>
        </p>
    }
}

/// An error, with a link to the sign-in page if signing in is required.
#[component]
pub(crate) fn Failure(error: UiError) -> AnyView {
    let way_out = (error == UiError::SignedOut).then(|| view! { <p><SignInLink/></p> });
    view! { <div class="stack"><Message flash=Flash::Failed(error)/> {way_out}</div> }.into_any()
}

/// Links to the sign-in page, which leads back to this page.
#[component]
fn SignInLink() -> impl IntoView {
    let address = use_address();
    // The address keeps its query, so that a scanned request survives the sign-in. Unknown queries are dropped there.
    let href = move || sign_in_for(&address());
    view! { <a class="button" href=href rel="external">"Sign in"</a> }
}

/// Shown in place of content that could not be loaded.
#[component]
pub(crate) fn Problem(error: UiError) -> impl IntoView {
    let way_out = if error == UiError::SignedOut {
        view! { <SignInLink/> }.into_any()
    } else if matches!(error, UiError::Offline | UiError::NoResponse) {
        view! { <button r#type="button" class="button" on:click=|_| reload()>"Try again"</button> }.into_any()
    } else {
        view! { <a class="button" href=Page::Overview.path()>"Back to the overview"</a> }.into_any()
    };
    // Nothing was being changed here, only read.
    let text = match error {
        UiError::Offline => "You are offline. Connect to the internet, then try again.".to_owned(),
        UiError::NoResponse => "The server did not respond. Try again in a moment.".to_owned(),
        error => error.text(&use_branding().brand),
    };
    view! {
        <section class="card empty">
            <Heading>{if error == UiError::NotFound { "Not found" } else { "Something went wrong" }}</Heading>
            <p role="alert">{text}</p>
            <p>{way_out}</p>
        </section>
    }
}

/// Loads the page again. Without a network, the browser would replace the page by its own.
#[cfg(feature = "hydrate")]
fn reload() {
    if !is_offline() {
        // A browser that cannot reload says so itself.
        let _ = window().location().reload();
    }
}

#[cfg(not(feature = "hydrate"))]
fn reload() {
    let _ = is_offline();
}
