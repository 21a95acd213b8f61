//! A button that copies a text.

use leptos::{prelude::*, task::spawn_local};

use crate::shared::clipboard::{COPIED_FOR, copy_to_clipboard};

/// Copies a text that is visible next to the button. Copying needs scripts, so the button is only there with scripts.
#[component]
pub(crate) fn CopyButton(#[prop(into)] text: String, words: &'static str) -> impl IntoView {
    let text = StoredValue::new(text);
    let has_script = RwSignal::new(false);
    let copied = RwSignal::new(None::<bool>);
    Effect::new(move |_| has_script.set(true));
    let copy = move |_| {
        spawn_local(async move {
            copied.set(Some(copy_to_clipboard(&text.get_value()).await));
            set_timeout(move || copied.set(None), COPIED_FOR);
        });
    };
    let says = move || match copied.get() {
        Some(true) => "Copied",
        // The browser does not allow it. The text can be selected.
        Some(false) => "Not copied",
        None => words,
    };
    view! {
        <Show when=move || has_script.get()>
            <button r#type="button" class="button button-small" on:click=copy>
                {says}
            </button>
        </Show>
        <span class="visually-hidden" role="status">
            {move || match copied.get() {
                Some(true) => "Copied.",
                Some(false) => "The browser did not allow copying. Select the text and copy it.",
                None => "",
            }}
        </span>
    }
}
