//! The pages of the catalog. The forms of entries are acts, see [`acts`](crate::admin::acts).

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{
    admin::model::{catalog::CatalogView, object_view::ObjectView},
    shared::error::UiError,
};

/// The page of the catalog. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "catalog", input = PageForm, output = PageJson)]
pub async fn admin_catalog(query: String) -> Result<CatalogView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::catalog(&query).await.map_err(server::failed)
}

/// The page of an entry of the catalog.
#[server(prefix = "/fn/admin", endpoint = "catalog_entry", input = PageForm, output = PageJson)]
pub async fn admin_catalog_entry(entry_kind: String, entry_code: String, query: String) -> Result<ObjectView, UiError> {
    use crate::{admin::objects, server_side as server};
    objects::catalog_entry(&entry_kind, &entry_code, &query).await.map_err(server::failed)
}
