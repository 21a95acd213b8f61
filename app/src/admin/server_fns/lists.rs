//! The lists, and the search over everything.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{
    admin::model::{
        find::HitGroup,
        list_view::{ListName, ListView},
    },
    shared::error::UiError,
};

/// A page of a list. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "list", input = PageForm, output = PageJson)]
pub async fn admin_list(list: ListName, query: String) -> Result<ListView, UiError> {
    use crate::{
        admin::{
            present::lists::{self, Fields, ShownList},
            server_fns::staff,
        },
        server_side as server,
    };
    use latchkey_service::{Accounts, Activations, AuditLog, Licenses, Machines, Mails, Orders, Staff, StripeEvents};

    async fn shown<L: ShownList>(staff: &Staff<'_>, fields: &Fields) -> Result<ListView, UiError> {
        let desk =
            staff.support().list_desk::<L>(fields.all()).await.map_err(|error| server::internal_error(&error))?;
        Ok(lists::view(&desk, fields, staff.admin().is_ok()))
    }

    let (backend, who) = staff::signed_in().map_err(server::failed)?;
    let staff = staff::of(&backend, &who).map_err(server::failed)?;
    let fields = lists::parse(&query);
    let view = match list {
        ListName::Customers => shown::<Accounts>(&staff, &fields).await,
        ListName::Licenses => shown::<Licenses>(&staff, &fields).await,
        ListName::Machines => shown::<Machines>(&staff, &fields).await,
        ListName::Activations => shown::<Activations>(&staff, &fields).await,
        ListName::Orders => shown::<Orders>(&staff, &fields).await,
        ListName::Events => shown::<StripeEvents>(&staff, &fields).await,
        ListName::Mails => shown::<Mails>(&staff, &fields).await,
        ListName::Audit => shown::<AuditLog>(&staff, &fields).await,
    };
    let mut view = view.map_err(server::failed)?;
    view.toast = server::parts().ok().and_then(|parts| backend.cookies.take_toast(&parts.headers));
    Ok(view)
}

/// Finds records by what a person typed.
#[server(prefix = "/fn/admin", endpoint = "find", input = PageForm, output = PageJson)]
pub async fn admin_find(text: String) -> Result<Vec<HitGroup>, UiError> {
    use crate::{
        admin::{present::found, server_fns::staff},
        server_side as server,
    };
    let (backend, who) = staff::signed_in().map_err(server::failed)?;
    let staff = staff::of(&backend, &who).map_err(server::failed)?;
    let found = staff.support().find(&text).await.map_err(|error| server::failed(server::internal_error(&error)))?;
    Ok(found::groups(&found))
}
