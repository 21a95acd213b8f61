//! The parts of the document that keys act on.

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{
        ev,
        prelude::document,
        web_sys::{Element, HtmlElement, HtmlInputElement},
    };
    use wasm_bindgen::JsCast;

    pub(crate) fn is_typing(event: &ev::KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|target| {
            target.matches("input:not([type=checkbox]), select, [contenteditable]").unwrap_or(false)
                || target.tag_name() == "TEXTAREA"
        })
    }

    pub(crate) fn is_dialog_open() -> bool {
        document().query_selector("dialog[open]").is_ok_and(|found| found.is_some())
    }

    pub(crate) fn focus_search() -> bool {
        let Ok(Some(field)) = document().query_selector("main [data-search]") else {
            return false;
        };
        if let Some(field) = field.dyn_ref::<HtmlInputElement>() {
            field.select();
        }
        focus(&field)
    }

    pub(crate) fn focus(element: &Element) -> bool {
        element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus().is_ok())
    }
}

#[cfg(feature = "hydrate")]
pub(super) use browser::{focus, focus_search, is_dialog_open, is_typing};

#[cfg(not(feature = "hydrate"))]
mod server {
    use leptos::ev;

    pub(crate) fn is_typing(_event: &ev::KeyboardEvent) -> bool {
        false
    }

    pub(crate) fn is_dialog_open() -> bool {
        false
    }

    pub(crate) fn focus_search() -> bool {
        false
    }
}

#[cfg(not(feature = "hydrate"))]
pub(super) use server::{focus_search, is_dialog_open, is_typing};
