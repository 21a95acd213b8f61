//! A computer's page and name.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    portal::model::ComputerDetail,
    shared::{error::UiError, flash::FormRedirect},
};

#[server(prefix = "/fn", endpoint = "computer", input = PageForm, output = PageJson)]
pub async fn computer(license: String, machine: String) -> Result<ComputerDetail, UiError> {
    use crate::server_side as server;
    server_computer(&license, &machine).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_computer(license: &str, machine: &str) -> Result<ComputerDetail, UiError> {
    use super::licenses::refusal;
    use crate::{routes::Page, server_side as server};
    let (backend, who) = (server::backend()?, server::viewer()?);
    let license = license.parse().map_err(|_| UiError::NotFound)?;
    let machine = machine.parse().map_err(|_| UiError::NotFound)?;
    let found = who.view(&backend.service).machine_with_parts(license, machine).await;
    let (view, found, parts) = found.map_err(refusal)?;
    let now = backend.service.now();
    let form = Page::Computer(license, machine).path();
    Ok(ComputerDetail {
        name: who.customer().and_then(|_| server::typed_before(&form)).unwrap_or_else(|| found.label()),
        license: crate::portal::present::license(&view, now, backend.service.brand()),
        computer: crate::portal::present::computer(&found, now),
        parts: crate::portal::present::parts::computer_parts(&parts, now),
        file_days: latchkey_service::file_days(&view.policy).unwrap_or_default(),
        file_hours: view.policy.file_ttl.as_secs() / (60 * 60),
    })
}

/// Renames a computer. An empty name restores the host name.
#[server(prefix = "/fn", endpoint = "rename_computer", input = PageForm, output = PageJson)]
pub async fn rename_computer(
    license: String,
    machine: String,
    name: String,
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let form = match (license.parse(), machine.parse()) {
        (Ok(license), Ok(machine)) => Page::Computer(license, machine),
        _ => Page::Licenses,
    };
    let who = server::identity_on_page(account);
    let result = server_rename_computer(who, &license, &machine, &name).await;
    server::finish_typed(result, &form.path(), &name)
}

#[cfg(feature = "ssr")]
async fn server_rename_computer(
    who: Result<latchkey_service::SignedIn, UiError>,
    license: &str,
    machine: &str,
    name: &str,
) -> Result<FormRedirect, UiError> {
    use super::licenses::refusal;
    use crate::{routes::Page, server_side as server, shared::flash::Flash};
    let (backend, who) = (server::backend()?, who?);
    let license = license.parse().map_err(|_| UiError::NotFound)?;
    let machine = machine.parse().map_err(|_| UiError::NotFound)?;
    let customer = backend.service.customer(&who);
    let label = customer.rename_machine(license, machine, name).await.map_err(refusal)?;
    Ok(FormRedirect {
        flash: Some(Flash::ComputerRenamed { label }),
        redirect_to: Page::Computer(license, machine).path(),
    })
}
