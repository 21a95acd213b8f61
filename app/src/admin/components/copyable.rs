//! An id or another text that people copy.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    admin::components::{AdminIcon, AdminIconName},
    shared::clipboard::{COPIED_FOR, copy_to_clipboard},
};

/// A text with a small button that copies it. Without script the text can be selected with one click.
#[component]
pub(crate) fn Copyable(
    #[prop(into)] text: String,
    /// What it is, for the button's name: `license id`.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let value = StoredValue::new(text.clone());
    let has_script = RwSignal::new(false);
    let copied = RwSignal::new(None::<bool>);
    Effect::new(move |_| has_script.set(true));
    let copy = move |_| {
        spawn_local(async move {
            copied.set(Some(copy_to_clipboard(&value.get_value()).await));
            set_timeout(move || copied.set(None), COPIED_FOR);
        });
    };
    let label = StoredValue::new(format!("Copy {what}"));
    view! {
        <span class="copyable">
            <code translate="no">{text}</code>
            <Show when=move || has_script.get()>
                <button r#type="button" class="copyable-button" aria-label=label.get_value() title=label.get_value() on:click=copy>
                    {move || {
                        let name = if copied.get() == Some(true) { AdminIconName::Done } else { AdminIconName::Copy };
                        view! { <AdminIcon name/> }
                    }}
                </button>
            </Show>
            <span class="visually-hidden" role="status">
                {move || match copied.get() {
                    Some(true) => "Copied.",
                    Some(false) => "The browser did not allow copying. Select the text and copy it.",
                    None => "",
                }}
            </span>
        </span>
    }
}
