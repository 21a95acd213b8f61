//! `/admin/shortcuts`: the keyboard shortcuts.

use leptos::prelude::*;

use crate::{
    admin::keyboard::{
        Keyboard,
        sheet::{LetterKeysChoice, ShortcutList},
    },
    shared::components::PageTitle,
};

#[component]
pub(crate) fn ShortcutsPage() -> impl IntoView {
    let keyboard = use_context::<Keyboard>();
    view! {
        <PageTitle text="Keyboard shortcuts · Admin"/>
        <h1 class="title-1">"Keyboard shortcuts"</h1>
        <section class="card stack measure">
            <ShortcutList/>
            {keyboard.map(|keyboard| view! { <LetterKeysChoice are_on=keyboard.has_letter_keys/> })}
            <p class="small text-2">
                "Single letters can be switched off, so that speech input or a slip of the hand does not trigger them. Ctrl K always works."
            </p>
        </section>
    }
}
