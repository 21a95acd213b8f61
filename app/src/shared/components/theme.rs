//! The choice between light, dark and the system's theme.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{shared::components::address::use_address, sign_in::server_fns::ChooseTheme};

/// Three buttons of a form that sets a cookie; the server writes the theme into the page.
#[component]
pub(crate) fn ThemeChoice() -> impl IntoView {
    let back = use_address();
    let choices = [("system", "System"), ("light", "Light"), ("dark", "Dark")];
    view! {
        <form method="post" action=ChooseTheme::url() class="theme-choice" aria-label="Theme">
            <input r#type="hidden" name="back" value=back/>
            <span class="small text-2" aria-hidden="true">"Theme"</span>
            {choices
                .into_iter()
                .map(|(value, word)| {
                    view! { <button r#type="submit" class="link-button" name="theme" value=value>{word}</button> }
                })
                .collect_view()}
        </form>
    }
}
