//! The choice between light, dark and the system's theme.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::{prelude::*, server_fn::ServerFn};

use crate::shared::{address::use_address, error::UiError, flash::FormRedirect};

/// The choice on a page of the portal, to which it returns.
#[component]
pub(crate) fn ThemeChoice() -> impl IntoView {
    let back = use_address();
    view! { <ThemeForm><input r#type="hidden" name="back" value=back/></ThemeForm> }
}

/// Three buttons of a form that sets a cookie. The server writes the theme into the page. `children` is the field `back`, the
/// page to return to.
#[component]
pub(crate) fn ThemeForm(children: Children) -> impl IntoView {
    let choices = [("system", "System"), ("light", "Light"), ("dark", "Dark")];
    view! {
        <form method="post" action=ChooseTheme::url() class="theme-choice" aria-label="Theme">
            {children()}
            <span class="small text-2" aria-hidden="true">"Theme"</span>
            <span class="theme-choices">
                {choices
                    .into_iter()
                    .map(|(value, word)| {
                        view! { <button r#type="submit" name="theme" value=value>{word}</button> }
                    })
                    .collect_view()}
            </span>
        </form>
    }
}

/// Sets the theme of this browser.
#[server(prefix = "/fn", endpoint = "choose_theme", input = PageForm, output = PageJson)]
pub async fn choose_theme(
    /// `light`, `dark`, or anything else to follow the system.
    theme: String,
    /// The page to return to.
    back: String,
) -> Result<FormRedirect, UiError> {
    use crate::{
        routes::{Page, internal_path},
        server_side as server,
    };
    let backend = server::backend()?;
    server::cookies::set_theme(&backend, &theme);
    let known = backend.static_paths.get(&back).cloned();
    let back = known.or_else(|| internal_path(&back)).unwrap_or_else(|| Page::SignIn.path());
    server::finish(Ok(FormRedirect { flash: None, redirect_to: back }), &Page::SignIn.path())
}
