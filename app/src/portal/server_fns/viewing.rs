//! Staff who see the portal as a customer does.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::shared::{error::UiError, flash::FormRedirect};

/// Ends the view of the customer's portal, and returns to the customer's page in the admin portal.
#[server(prefix = "/fn/admin", endpoint = "end_portal_view", input = PageForm, output = PageJson)]
pub async fn end_portal_view() -> Result<FormRedirect, UiError> {
    use crate::{routes::AdminPage, server_side as server};
    server::finish(server_end_portal_view().await, &AdminPage::Overview.path())
}

#[cfg(feature = "ssr")]
async fn server_end_portal_view() -> Result<FormRedirect, UiError> {
    use crate::{routes::AdminPage, server_side as server};
    let (backend, who) = (server::backend()?, server::staff()?);
    let staff = backend.service.staff(&who).map_err(|_| UiError::NotFound)?;
    let ended = staff.support().end_portal_view(&who).await.map_err(|error| server::internal_error(&error))?;
    let page = ended.map_or(AdminPage::Overview, AdminPage::Customer);
    Ok(FormRedirect { flash: None, redirect_to: page.path() })
}
