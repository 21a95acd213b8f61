//! A button with a panel below it.

use leptos::{
    ev, html,
    prelude::*,
    web_sys::{Element, EventTarget, HtmlDetailsElement},
};

use crate::admin::components::{AdminIcon, AdminIconName};

/// A disclosure: it opens and closes without script. With script, Escape and a click elsewhere close it too.
#[component]
pub(crate) fn Menu(
    #[prop(into)] label: String,
    /// Further classes.
    #[prop(default = "")]
    class: &'static str,
    #[prop(optional)] icon: Option<AdminIconName>,
    children: Children,
) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    let close = move |restore_focus: bool| {
        let Some(element) = details.get_untracked().filter(HtmlDetailsElement::open) else {
            return;
        };
        element.set_open(false);
        if restore_focus && let Ok(Some(summary)) = element.query_selector("summary") {
            focus(&summary);
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            close(true);
        }
    };
    // Leaving the panel, by keyboard or by a click elsewhere, closes it.
    let on_leave = move |event: ev::FocusEvent| {
        let inside = details.get_untracked().is_some_and(|element| holds(&element, event.related_target()));
        if !inside {
            close(false);
        }
    };
    view! {
        <details class=format!("menu {class}") node_ref=details on:keydown=on_key on:focusout=on_leave>
            <summary class="button button-small">
                {icon.map(|name| view! { <AdminIcon name/> })} <span class="menu-label">{label}</span>
                <AdminIcon name=AdminIconName::Down/>
            </summary>
            <div class="menu-panel">{children()}</div>
        </details>
    }
}

#[cfg(feature = "hydrate")]
fn focus(element: &Element) {
    use leptos::web_sys::HtmlElement;
    use wasm_bindgen::JsCast;
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // A failure leaves the focus where it is.
        let _ = element.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus(_element: &Element) {}

/// Whether the focus went to something inside. Unknown targets, such as a click on plain text, count as inside, so that text in
/// the panel can be selected.
#[cfg(feature = "hydrate")]
fn holds(element: &Element, target: Option<EventTarget>) -> bool {
    use leptos::web_sys::Node;
    use wasm_bindgen::JsCast;
    match target.map(JsCast::dyn_into::<Node>) {
        Some(Ok(node)) => element.contains(Some(&node)),
        Some(Err(_)) | None => true,
    }
}

#[cfg(not(feature = "hydrate"))]
fn holds(_element: &Element, _target: Option<EventTarget>) -> bool {
    true
}
