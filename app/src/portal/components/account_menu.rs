//! Who is signed in, with the theme and the way out.

use leptos::{
    ev, html,
    prelude::*,
    server_fn::ServerFn,
    web_sys::{EventTarget, HtmlDetailsElement},
};
use leptos_router::hooks::use_location;

use crate::{routes::Page, shared::page_owner::OwnerField, sign_in::server_fns::SignOut, theme::ThemeChoice};

/// A disclosure: it opens and closes without script. With script, Escape, a click elsewhere and another page close it too.
#[component]
pub(crate) fn AccountMenu(email: String) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let open = move || menu.get_untracked().filter(HtmlDetailsElement::open);
    let here = use_location().pathname;
    Effect::new(move |_| {
        here.track();
        if let Some(menu) = open() {
            menu.set_open(false);
        }
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::click, move |event| {
            if let Some(menu) = open().filter(|menu| !holds(menu, event.target())) {
                menu.set_open(false);
            }
        });
        on_cleanup(move || listener.remove());
    });
    let on_key = move |event: ev::KeyboardEvent| {
        if let Some(menu) = open().filter(|_| event.key() == "Escape") {
            menu.set_open(false);
            focus_summary(&menu);
        }
    };
    let initial: String = email.chars().take(1).flat_map(char::to_uppercase).collect();
    view! {
        <details class="menu menu-right account-menu" node_ref=menu on:keydown=on_key>
            <summary class="account-summary">
                <span class="avatar" aria-hidden="true">{initial}</span>
                <span class="visually-hidden">"Your account: "</span>
                <span class="account-email">{email.clone()}</span>
            </summary>
            <div class="menu-panel">
                <p class="menu-note">"Signed in as " <strong class="break-anywhere">{email}</strong></p>
                <ul class="menu-list">
                    <li><a href=Page::Account.path()>"Account and security"</a></li>
                </ul>
                <div class="menu-end"><ThemeChoice/></div>
                <form method="post" action=SignOut::url() class="menu-end">
                    <OwnerField/>
                    <button r#type="submit" class="button button-small button-wide">"Sign out"</button>
                </form>
            </div>
        </details>
    }
}

#[cfg(feature = "hydrate")]
fn holds(menu: &HtmlDetailsElement, target: Option<EventTarget>) -> bool {
    use leptos::web_sys::Node;
    use wasm_bindgen::JsCast;
    target.and_then(|target| target.dyn_into::<Node>().ok()).is_some_and(|target| menu.contains(Some(&target)))
}

#[cfg(not(feature = "hydrate"))]
fn holds(_menu: &HtmlDetailsElement, _target: Option<EventTarget>) -> bool {
    true
}

#[cfg(feature = "hydrate")]
fn focus_summary(menu: &HtmlDetailsElement) {
    use leptos::web_sys::HtmlElement;
    use wasm_bindgen::JsCast;
    let summary = menu.first_element_child().and_then(|summary| summary.dyn_into::<HtmlElement>().ok());
    if let Some(summary) = summary {
        // A failure leaves the focus where it is.
        let _ = summary.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus_summary(_menu: &HtmlDetailsElement) {}
