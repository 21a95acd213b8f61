//! The lists, and the search over everything.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    admin::model::{
        find::HitGroup,
        list_view::{ListName, ListView},
    },
    shared::error::UiError,
};

/// A page of a list. `query` is the query of the page's address.
#[server(prefix = "/fn/admin", endpoint = "list", input = PostUrl)]
pub async fn admin_list(list: ListName, query: String) -> Result<ListView, UiError> {
    use crate::{
        admin::{
            present::lists::{self, Fields, ShownList},
            server_fns::staff,
        },
        server_side as server,
    };
    use latchkey_service::{
        Accounts, Activations, AuditLog, Licenses, ListError, Machines, Mails, Orders, StripeEvents, Support,
    };

    async fn shown<L: ShownList>(support: &Support<'_>, fields: &Fields) -> Result<ListView, UiError> {
        let choices = super::catalog_choices(support).await?;
        match support.list::<L>(fields.all()).await {
            Ok(page) => Ok(lists::page(&page, fields, &choices)),
            Err(ListError::Field(error)) => Ok(lists::refused::<L>(&error, fields, &choices)),
            Err(ListError::Internal(error)) => Err(server::hidden(&error)),
        }
    }

    let (backend, who) = staff::signed_in().map_err(server::failed)?;
    let staff = staff::of(&backend, &who).map_err(server::failed)?;
    let support = staff.support();
    let fields = lists::parse(&query);
    let view = match list {
        ListName::Customers => shown::<Accounts>(support, &fields).await,
        ListName::Licenses => shown::<Licenses>(support, &fields).await,
        ListName::Machines => shown::<Machines>(support, &fields).await,
        ListName::Activations => shown::<Activations>(support, &fields).await,
        ListName::Orders => shown::<Orders>(support, &fields).await,
        ListName::Events => shown::<StripeEvents>(support, &fields).await,
        ListName::Mails => shown::<Mails>(support, &fields).await,
        ListName::Audit => shown::<AuditLog>(support, &fields).await,
    };
    view.map_err(server::failed)
}

/// Finds records by what a person typed.
#[server(prefix = "/fn/admin", endpoint = "find", input = PostUrl)]
pub async fn admin_find(text: String) -> Result<Vec<HitGroup>, UiError> {
    use crate::{
        admin::{present::found, server_fns::staff},
        server_side as server,
    };
    let (backend, who) = staff::signed_in().map_err(server::failed)?;
    let staff = staff::of(&backend, &who).map_err(server::failed)?;
    let found = staff.support().find(&text).await.map_err(|error| server::failed(server::hidden(&error)))?;
    Ok(found::groups(&found))
}
