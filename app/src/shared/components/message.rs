//! What a page says about what was done, or what went wrong.

use leptos::prelude::*;

use crate::{
    routes::{Page, sign_in_for},
    shared::{
        address::use_address,
        branding::use_branding,
        components::{Icon, Symbol},
        error::UiError,
        flash::Flash,
    },
};

/// A message that is shown once.
#[component]
pub(crate) fn Message(flash: Flash) -> impl IntoView {
    let is_bad = flash.is_failure();
    let (class, symbol) =
        if is_bad { ("message message-bad", Symbol::Warning) } else { ("message message-good", Symbol::Check) };
    view! {
        <p class=class role=is_bad.then_some("alert")>
            <Icon symbol/>
            <span>{flash.text(&use_branding().brand)}</span>
        </p>
    }
}

/// What did not work, with the way to the sign-in where that is what it takes.
#[component]
pub(crate) fn Failure(error: UiError) -> AnyView {
    let way_out = (error == UiError::SignedOut).then(|| view! { <p><SignInLink/></p> });
    view! { <div class="stack"><Message flash=Flash::Failed(error)/> {way_out}</div> }.into_any()
}

/// Leads to the sign-in, and from there back to this page.
#[component]
fn SignInLink() -> impl IntoView {
    let address = use_address();
    // The sign-in page takes of it what it knows; a code that was scanned is worth keeping.
    let href = move || sign_in_for(&address());
    view! { <a class="button" href=href rel="external">"Sign in"</a> }
}

/// In place of what could not be shown.
#[component]
pub(crate) fn Problem(error: UiError) -> impl IntoView {
    let way_out = if error == UiError::SignedOut {
        view! { <SignInLink/> }.into_any()
    } else {
        view! { <a class="button" href=Page::Overview.path()>"Back to the overview"</a> }.into_any()
    };
    // Nothing was being done here; there was only something to read.
    let text = if error == UiError::NoAnswer {
        "No answer came. Load the page again.".to_owned()
    } else {
        error.text(&use_branding().brand)
    };
    view! {
        <section class="card empty">
            <h1 class="title-1">{if error == UiError::NotFound { "Not found" } else { "That did not work" }}</h1>
            <p role="alert">{text}</p>
            <p>{way_out}</p>
        </section>
    }
}
