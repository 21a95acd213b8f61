//! What the pages of the admin portal need from the server. The functions below `/fn/admin` are behind the same guard as
//! the pages, so they seem not to exist for everyone else.

pub mod catalog;
pub mod diagnostics;
pub mod lists;
pub mod objects;
pub mod overview;
#[cfg(feature = "ssr")]
pub(crate) mod staff;

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::shared::{error::UiError, flash::FormRedirect};

/// Chooses whether single letters are shortcuts in this browser.
#[server(prefix = "/fn/admin", endpoint = "choose_letter_keys", input = PageForm, output = PageJson)]
pub async fn choose_letter_keys(
    are_on: bool,
    /// The page to return to.
    back: String,
) -> Result<FormRedirect, UiError> {
    use crate::{
        routes::{AdminPage, internal_path},
        server_side as server,
    };
    let page = AdminPage::Shortcuts.path();
    let result = server::staff().and_then(|_| server::backend()).map(|backend| {
        server::cookies::set_letter_keys(&backend, are_on);
        FormRedirect { flash: None, redirect_to: internal_path(&back).unwrap_or_else(|| page.clone()) }
    });
    server::finish(result, &page)
}

/// Whether the person is still signed in. Otherwise it is an error.
#[server(prefix = "/fn/admin", endpoint = "session", input = PageForm, output = PageJson)]
pub async fn admin_session() -> Result<(), UiError> {
    use crate::server_side as server;
    server::staff().map(drop).map_err(server::failed)
}
