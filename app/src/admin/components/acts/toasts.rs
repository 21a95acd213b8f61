//! Messages about what was just done, with Undo where it can be taken back.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    admin::{
        components::{AdminIcon, AdminIconName},
        model::objects::Toast,
    },
    shared::{
        components::{Icon, IconName},
        model::Tone,
    },
};

/// How long a message stays, unless the pointer or the focus is on it.
const SHOWN_FOR: Duration = Duration::from_secs(8);

/// Shows messages in the corner of the window. Failures stay until they are dismissed. Without script, messages are part of the
/// page and stay.
#[component]
pub(crate) fn ToastRegion(#[prop(into)] toasts: Signal<Vec<Toast>>) -> impl IntoView {
    view! {
        <div class="toasts" role="region" aria-label="Messages">
            {move || toasts.get().into_iter().map(|toast| view! { <ToastCard toast/> }).collect_view()}
        </div>
    }
}

#[component]
fn ToastCard(toast: Toast) -> impl IntoView {
    let Toast { text, tone, undo } = toast;
    let is_failure = tone == Tone::Bad;
    let (is_shown, is_held, has_script) = (RwSignal::new(true), RwSignal::new(false), RwSignal::new(false));
    Effect::new(move |_| {
        has_script.set(true);
        if !is_failure {
            hide_later(is_shown, is_held);
        }
    });
    let (class, icon) = match tone {
        Tone::Good => ("toast toast-good", IconName::Check),
        Tone::Warn => ("toast toast-warn", IconName::Warning),
        Tone::Bad => ("toast toast-bad", IconName::Warning),
    };
    let undo = StoredValue::new(undo);
    let text = StoredValue::new(text);
    view! {
        <Show when=move || is_shown.get()>
            <div
                class=class
                role=if is_failure { "alert" } else { "status" }
                on:mouseenter=move |_| is_held.set(true)
                on:mouseleave=move |_| is_held.set(false)
                on:focusin=move |_| is_held.set(true)
                on:focusout=move |_| is_held.set(false)
            >
                <Icon name=icon/>
                <p>{text.get_value()}</p>
                {undo.get_value().map(|(action, fields)| view! { <UndoForm action fields/> })}
                <Show when=move || has_script.get()>
                    <button r#type="button" class="toast-close" aria-label="Dismiss" on:click=move |_| is_shown.set(false)>
                        <AdminIcon name=AdminIconName::Remove/>
                    </button>
                </Show>
            </div>
        </Show>
    }
}

#[component]
fn UndoForm(action: String, fields: Vec<(String, String)>) -> impl IntoView {
    view! {
        <form method="post" action=action>
            {fields.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()}
            <button r#type="submit" class="button button-small">"Undo"</button>
        </form>
    }
}

/// Hides a message, later if it is being read.
fn hide_later(is_shown: RwSignal<bool>, is_held: RwSignal<bool>) {
    set_timeout(
        move || match is_held.try_get_untracked() {
            // The page with the message is gone.
            None => {}
            Some(true) => hide_later(is_shown, is_held),
            Some(false) => is_shown.set(false),
        },
        SHOWN_FOR,
    );
}
