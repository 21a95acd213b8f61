//! The state of the instance.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{admin::model::diagnostics::DiagnosticsView, shared::error::UiError};

/// The page of the instance's state. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "diagnostics", input = PageForm, output = PageJson)]
pub async fn admin_diagnostics(query: String) -> Result<DiagnosticsView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::diagnostics(&query).await.map_err(server::failed)
}
