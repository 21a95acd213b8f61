//! What a page says about what was done, or what went wrong.

use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::{error::UiError, flash::Flash};

/// A message that is shown once.
#[component]
pub(crate) fn Message(flash: Flash) -> impl IntoView {
    let text = flash.text();
    if flash.is_failure() {
        view! {
            <p class="message message-bad" role="alert">
                <Icon symbol=Symbol::Warning/>
                <span>{text}</span>
            </p>
        }
    } else {
        view! {
            <p class="message message-good" role="status">
                <Icon symbol=Symbol::Check/>
                <span>{text}</span>
            </p>
        }
    }
}

/// In place of what could not be shown.
#[component]
pub(crate) fn Problem(error: UiError) -> impl IntoView {
    let (to, label) = match error {
        UiError::SignedOut => ("/login", "Sign in"),
        _ => ("/portal", "Back to the overview"),
    };
    view! {
        <section class="card empty">
            <h1 class="title-1">{if error == UiError::NotFound { "Not found" } else { "That did not work" }}</h1>
            <p role="alert">{error.text()}</p>
            <p><a class="button" href=to rel=(error == UiError::SignedOut).then_some("external")>{label}</a></p>
        </section>
    }
}
