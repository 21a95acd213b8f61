//! The list of keyboard shortcuts, as a dialog and on a page.

use leptos::{html, prelude::*, server_fn::ServerFn};

use crate::{
    admin::{keyboard::Keyboard, server_fns::ChooseLetterKeys},
    routes::AdminPage,
    shared::address::use_address,
};

const KEYS: [(&[&str], &str); 8] = [
    (&["Ctrl", "K"], "Open the command palette (on a Mac: Command and K)"),
    (&["/"], "Go to the search field"),
    (&["j"], "Next row"),
    (&["k"], "Previous row"),
    (&["Enter"], "Open the row"),
    (&["x"], "Select the row"),
    (&["Shift", "click"], "Select all rows up to this one"),
    (&["?"], "Show this list"),
];

#[component]
pub(crate) fn ShortcutList() -> impl IntoView {
    view! {
        <dl class="shortcuts">
            {KEYS
                .into_iter()
                .map(|(keys, what)| {
                    let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> " " }).collect_view();
                    view! { <div><dt>{keys}</dt><dd>{what}</dd></div> }
                })
                .collect_view()}
        </dl>
    }
}

/// Switches the shortcuts of single letters on or off.
#[component]
pub(crate) fn LetterKeysChoice(#[prop(into)] are_on: Signal<bool>) -> impl IntoView {
    let back = use_address();
    view! {
        <form method="post" action=ChooseLetterKeys::url() class="cluster">
            <input r#type="hidden" name="back" value=back/>
            <p class="small text-2">
                {move || if are_on.get() { "Single-letter shortcuts are on." } else { "Single-letter shortcuts are off." }}
            </p>
            <button r#type="submit" class="button button-small" name="are_on" value=move || (!are_on.get()).to_string()>
                {move || if are_on.get() { "Switch off" } else { "Switch on" }}
            </button>
        </form>
    }
}

/// The list as a dialog.
#[component]
pub(crate) fn ShortcutSheet(keyboard: Keyboard) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let is_open = keyboard.is_sheet_open;
    Effect::new(move |_| {
        let (true, Some(element)) = (is_open.get(), dialog.get()) else {
            return;
        };
        // If it cannot be opened, the page with the list is still there.
        if !element.open() && element.show_modal().is_err() {
            is_open.set(false);
        }
    });
    let close = move |_| {
        if let Some(element) = dialog.get_untracked() {
            element.close();
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog on:close=move |_| is_open.set(false) aria-labelledby="sheet-title">
            <div class="stack">
                <h2 class="title-2" id="sheet-title">"Keyboard shortcuts"</h2>
                <ShortcutList/>
                <div class="split">
                    <a href=AdminPage::Shortcuts.path() on:click=close>"Switch them on or off"</a>
                    <button r#type="button" class="button" on:click=close>"Close"</button>
                </div>
            </div>
        </dialog>
    }
}
