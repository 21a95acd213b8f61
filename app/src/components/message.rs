//! What a page says about what was done, or what went wrong.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Icon, Symbol};
use crate::{error::UiError, flash::Flash};

/// A message that is shown once.
#[component]
pub(crate) fn Message(flash: Flash) -> impl IntoView {
    let is_bad = flash.is_failure();
    let (class, symbol) =
        if is_bad { ("message message-bad", Symbol::Warning) } else { ("message message-good", Symbol::Check) };
    view! {
        <p class=class role=is_bad.then_some("alert")>
            <Icon symbol/>
            <span>{flash.text()}</span>
        </p>
    }
}

/// Leads to the sign-in, and from there back to this page.
#[component]
pub(crate) fn SignInLink() -> impl IntoView {
    let location = use_location();
    let href = move || {
        let page = location.pathname.get();
        let query = location.search.get();
        // The sign-in page takes of it what it knows; a code that was scanned is worth keeping.
        let next = if query.is_empty() { page } else { format!("{page}?{}", query.trim_start_matches('?')) };
        format!("/login?next={}", next.replace('?', "%3F").replace('=', "%3D").replace('&', "%26"))
    };
    view! { <a class="button" href=href rel="external">"Sign in"</a> }
}

/// In place of what could not be shown.
#[component]
pub(crate) fn Problem(error: UiError) -> impl IntoView {
    let way_out = if error == UiError::SignedOut {
        view! { <SignInLink/> }.into_any()
    } else {
        view! { <a class="button" href="/portal">"Back to the overview"</a> }.into_any()
    };
    // Nothing was being done here; there was only something to read.
    let text =
        if error == UiError::NoAnswer { "No answer came. Load the page again.".to_owned() } else { error.text() };
    view! {
        <section class="card empty">
            <h1 class="title-1">{if error == UiError::NotFound { "Not found" } else { "That did not work" }}</h1>
            <p role="alert">{text}</p>
            <p>{way_out}</p>
        </section>
    }
}
