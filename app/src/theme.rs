//! The choice between light, dark and the system's theme.

use leptos::{
    prelude::*,
    server_fn::{ServerFn, codec::PostUrl},
};

use crate::shared::{address::use_address, error::UiError, flash::Done};

/// Three buttons of a form that sets a cookie. The server writes the theme into the page.
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

/// Sets the theme of this browser.
#[server(prefix = "/fn", endpoint = "choose_theme", input = PostUrl)]
pub async fn choose_theme(
    /// `light`, `dark`, or anything else to follow the system.
    theme: String,
    /// The page to return to.
    back: String,
) -> Result<Done, UiError> {
    use crate::{
        routes::{Page, internal_path},
        server_side as server,
    };
    server::cookies::set_theme(&server::backend()?, &theme);
    let back = internal_path(&back).unwrap_or_else(|| Page::SignIn.path());
    server::finish(Ok(Done { flash: None, redirect_to: back }), &Page::SignIn.path())
}
