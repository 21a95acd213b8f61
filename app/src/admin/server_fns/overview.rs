//! The overview.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{admin::model::overview::OverviewView, shared::error::UiError};

/// What needs attention, and numbers. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "overview", input = PageForm, output = PageJson)]
pub async fn admin_overview(query: String) -> Result<OverviewView, UiError> {
    use crate::{
        admin::{present::overview, server_fns::staff},
        server_side as server,
    };
    let (backend, who) = staff::signed_in().map_err(server::failed)?;
    let staff = staff::of(&backend, &who).map_err(server::failed)?;
    let is_live = backend.service.payments().is_none_or(|payments| payments.is_live());
    let range = overview::range(&query);
    let found = staff.support().overview(range, is_live).await;
    let found = found.map_err(|error| server::failed(server::internal_error(&error)))?;
    Ok(overview::overview(&found, range))
}
