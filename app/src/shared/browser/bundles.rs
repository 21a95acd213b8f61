//! The parts of the front end that browsers load one by one (ADR 18).

/// Lets links lead to pages that another part takes over: the browser loads the document, because this part has no such page.
#[cfg(feature = "hydrate")]
pub(crate) fn let_links_leave() {
    use leptos::{prelude::document, web_sys};
    use wasm_bindgen::{JsCast, closure::Closure};

    use crate::routes::is_account_document;

    let click = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(link) = target.and_then(|target| target.closest("a[href^='/']").ok().flatten()) else { return };
        let href = link.get_attribute("href").unwrap_or_default();
        let to = href.split(['?', '#']).next().unwrap_or_default();
        let here = leptos::prelude::location().pathname().unwrap_or_default();
        if is_account_document(to) != is_account_document(&here) {
            // The router leaves such links to the browser. It sees the event later.
            let _ = link.set_attribute("rel", "external");
        }
    });
    let listener = click.into_js_value();
    // If it fails, the router shows that there is no such page.
    let _ = document().add_event_listener_with_callback_and_bool("click", listener.unchecked_ref(), true);
}

#[cfg(not(feature = "hydrate"))]
pub(crate) fn let_links_leave() {}
