//! A license key: hidden except for its end, with buttons to copy or show it.

use latchkey_licensing::ids::LicenseId;
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::hooks::use_location;

use crate::{
    portal::{
        server_fns::licenses::{RevealKey, reveal_key},
        toasts::Toasts,
    },
    routes::Page,
    shared::{
        clipboard::{COPIED_FOR, copy_to_clipboard},
        components::HiddenField,
        page_owner::{OwnerField, page_owner},
    },
};

/// How long a key is shown.
const SHOWN_FOR: std::time::Duration = std::time::Duration::from_secs(30);

/// A key with its buttons. Without scripts, showing it is a form whose response contains the key once.
/// Copying needs scripts, so its button is only there with scripts.
#[component]
pub(crate) fn KeyRow(
    license: LicenseId,
    masked: String,
    /// The key, if it was requested without scripts.
    #[prop(optional_no_strip)]
    revealed: Option<String>,
    /// Whether copying the key is what people come for.
    is_usable: bool,
) -> impl IntoView {
    // Without scripts, hiding the key is a page without it.
    let hides = revealed.is_some();
    let shown = RwSignal::new(revealed);
    let copied = RwSignal::new(false);
    let has_script = RwSignal::new(false);
    Effect::new(move |_| {
        has_script.set(true);
        if hides {
            set_timeout(move || shown.set(None), SHOWN_FOR);
        }
    });
    let toasts = use_context::<Toasts>();
    let here = use_location().pathname;

    let owner = page_owner();
    let id = StoredValue::new(license.to_string());
    let reveal = move |copies: bool| {
        spawn_local(async move {
            let key = match reveal_key(id.get_value(), owner).await {
                Ok(key) => {
                    if let Some(toasts) = toasts {
                        toasts.clear_error();
                    }
                    key
                }
                Err(error) => {
                    if let Some(toasts) = toasts {
                        toasts.error(&here.get_untracked(), error);
                    }
                    return;
                }
            };
            if copies && copy_to_clipboard(&key).await {
                copied.set(true);
                set_timeout(move || copied.set(false), COPIED_FOR);
            } else {
                // If the clipboard is not available, the key is shown, so that it can be copied manually.
                shown.set(Some(key));
                set_timeout(move || shown.set(None), SHOWN_FOR);
            }
        });
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if shown.get_untracked().is_some() {
            shown.set(None);
        } else {
            reveal(false);
        }
    };
    let (method, action) =
        if hides { ("get", Page::License(license).path()) } else { ("post", RevealKey::url().to_owned()) };
    let copy_class = if is_usable { "button button-accent" } else { "button" };
    view! {
        <div class="license-key">
            <code class="key" class:key-shown=move || shown.get().is_some() aria-label="License key">
                {move || shown.get().unwrap_or_else(|| masked.clone())}
            </code>
            <div class="key-actions">
                <form method=method action=action on:submit=on_submit>
                    {(!hides).then(|| view! { <OwnerField/><HiddenField name="id" value=license.to_string()/> })}
                    <button r#type="submit" class="button button-quiet" aria-pressed=move || shown.get().is_some().to_string()>
                        {move || if shown.get().is_some() { "Hide" } else { "Show" }}
                    </button>
                </form>
                // It keeps its place while the script loads.
                <div class="key-copy">
                    <Show when=move || has_script.get()>
                        <button r#type="button" class=copy_class on:click=move |_| reveal(true)>
                            {move || if copied.get() { "Copied" } else { "Copy" }}
                        </button>
                    </Show>
                </div>
            </div>
            <span class="visually-hidden" role="status">
                {move || if copied.get() { "The key is copied." } else if shown.get().is_some() { "The key is shown." } else { "" }}
            </span>
        </div>
    }
}
