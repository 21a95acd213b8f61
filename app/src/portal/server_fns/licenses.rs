//! A customer's licenses and computers.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    portal::model::{FreeConfirmation, LicenseDetail, LicenseList, OverviewDetail},
    shared::{error::UiError, flash::FormRedirect},
};

/// How many licenses a page of the list shows, and the first page of the portal.
#[cfg(feature = "ssr")]
const PER_PAGE: (u32, u32) = (25, 10);

/// The customer's licenses after one of them, or the first. With a text to search for, those whose key ends with it.
#[server(prefix = "/fn", endpoint = "licenses", input = PageForm, output = PageJson)]
pub async fn licenses(search: String, after: String) -> Result<LicenseList, UiError> {
    use crate::server_side as server;
    server_licenses(&search, &after, PER_PAGE.0).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_licenses(search: &str, after: &str, limit: u32) -> Result<LicenseList, UiError> {
    use crate::server_side as server;
    let (backend, who) = (server::backend()?, server::viewer()?);
    let search: String = search.trim().chars().take(MAX_SEARCH).collect();
    let after = after.parse().ok();
    let page = who.view(&backend.service).licenses_page(&search, after, limit).await;
    let page = page.map_err(|error| server::internal_error(&error))?;
    Ok(list(&backend, page, search, after.is_none()))
}

/// Licenses for a list, which shows only the first of their computers.
#[cfg(feature = "ssr")]
fn list(
    backend: &crate::server_side::Backend,
    page: latchkey_service::Page<latchkey_service::LicenseView, latchkey_licensing::ids::LicenseId>,
    search: String,
    is_first: bool,
) -> LicenseList {
    let (now, brand) = (backend.service.now(), backend.service.brand());
    let summary = |view: &latchkey_service::LicenseView| {
        let mut license = crate::portal::present::license(view, now, brand);
        license.computers.truncate(LISTED_COMPUTERS);
        let downloads = crate::portal::present::downloads::downloads(view, &backend.library, brand, now);
        license.has_downloads = downloads.is_some_and(|list| !list.releases.is_empty());
        license
    };
    LicenseList { licenses: page.items.iter().map(summary).collect(), search, is_first, next: page.next }
}

/// How many computers of a license are shown on pages with several licenses.
#[cfg(feature = "ssr")]
const LISTED_COMPUTERS: usize = 3;

/// How many lines of the history the first page shows, and of how many entries: some mean nothing to the owner.
#[cfg(feature = "ssr")]
const MAX_ACTIVITY: usize = 5;
#[cfg(feature = "ssr")]
const SHOWN_ACTIVITY: u32 = 10;

/// The longest text to search for.
#[cfg(feature = "ssr")]
const MAX_SEARCH: usize = 100;

/// What the portal's first page shows.
#[server(prefix = "/fn", endpoint = "overview", input = PageForm, output = PageJson)]
pub async fn overview() -> Result<OverviewDetail, UiError> {
    use crate::server_side as server;
    server_overview().await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_overview() -> Result<OverviewDetail, UiError> {
    use crate::server_side as server;
    let (backend, who) = (server::backend()?, server::viewer()?);
    let customer = who.view(&backend.service);
    let orders = customer.orders().await.map_err(|error| server::internal_error(&error))?;
    let page = customer.licenses_page("", None, PER_PAGE.1).await.map_err(|error| server::internal_error(&error))?;
    let history = customer.recent_history(&page.items, SHOWN_ACTIVITY).await;
    let history = history.map_err(|error| server::internal_error(&error))?;
    let (now, reader) = (backend.service.now(), who.account().id);
    // Of several licenses, a line says which one it is about.
    let of_several = (page.items.len() > 1).then_some(&page.items);
    let line = |entry: &latchkey_service::AuditEntry| {
        let mut line = crate::portal::present::history(entry, reader, now)?;
        let id = entry.event.stored().subject_id;
        let about = of_several.and_then(|views| views.iter().find(|view| view.license.id.to_string() == id));
        if let Some(view) = about {
            line.text = format!("{} (key …{})", line.text, view.license.key_tail);
        }
        Some(line)
    };
    let activity = history.iter().filter_map(line).take(MAX_ACTIVITY).collect();
    Ok(OverviewDetail {
        licenses: list(&backend, page, String::new(), true),
        overdue: orders.iter().filter_map(crate::portal::present::orders::overdue).collect(),
        activity,
        email: who.account().email.to_string(),
    })
}

#[server(prefix = "/fn", endpoint = "license", input = PageForm, output = PageJson)]
pub async fn license(id: String) -> Result<LicenseDetail, UiError> {
    use crate::server_side as server;
    server_license(&id).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_license(id: &str) -> Result<LicenseDetail, UiError> {
    use crate::server_side as server;
    let (backend, who) = (server::backend()?, server::viewer()?);
    let id = id.parse().map_err(|_| UiError::NotFound)?;
    let customer = who.view(&backend.service);
    let (view, entries) = customer.license_with_history(id).await.map_err(refusal)?;
    let now = backend.service.now();
    let reader = who.account().id;
    let history = entries.iter().filter_map(|entry| crate::portal::present::history(entry, reader, now)).collect();
    let revealed_key = match who.customer() {
        Some(who) if backend.cookies.take_reveal(&server::parts()?.headers, id) => {
            let key = backend.service.customer(who).reveal_key(id).await.map_err(refusal)?;
            Some(key.expose().to_owned())
        }
        _ => None,
    };
    let brand = backend.service.brand();
    let mut license = crate::portal::present::license(&view, now, brand);
    let bought = customer.order_of_license(id).await.map_err(|error| server::internal_error(&error))?;
    if let Some((order, decided)) = &bought {
        let notice = crate::portal::present::orders::notice_of_license(&view, order, decided, brand);
        license.status.notice = notice.or(license.status.notice);
    }
    let is_live = backend.service.payments().map(|payments| payments.is_live());
    let offers = customer.upgrades(id).await.map_err(refusal)?;
    let downloads = crate::portal::present::downloads::downloads(&view, &backend.library, brand, now);
    license.has_downloads = downloads.as_ref().is_some_and(|list| !list.releases.is_empty());
    Ok(LicenseDetail {
        license,
        revealed_key,
        downloads: downloads.map(crate::portal::present::downloads::newest),
        order: bought.map(|(order, _)| (order.id, order.number())),
        upgrades: offers.iter().filter_map(|found| crate::checkout::present::offer(found, is_live)).collect(),
        history,
    })
}

#[cfg(feature = "ssr")]
pub(super) fn refusal(error: latchkey_service::CustomerError) -> UiError {
    use latchkey_service::CustomerError;
    match error {
        CustomerError::NotFound => UiError::NotFound,
        CustomerError::InvalidName(_) => UiError::NameInvalid,
        CustomerError::NoSwapsLeft(swaps) => {
            let days = swaps.next_at.map(|at| {
                let now = crate::server_side::backend().map_or(at, |backend| backend.service.now());
                at.since(now).as_secs().div_ceil(24 * 60 * 60).max(1)
            });
            UiError::NoSwapsLeft { days }
        }
        CustomerError::KeyNotReplaceable => UiError::KeyNotReplaceable,
        CustomerError::MachineNotFreeable => UiError::ComputerNotFreeable,
        CustomerError::MachineNotRenamable => UiError::ComputerNotRenamable,
        CustomerError::Refused(_) => UiError::LicenseNotValid,
        CustomerError::Internal(error) => crate::server_side::internal_error(&error),
    }
}

/// The license key. Without scripts, the license's page shows it once instead.
#[server(prefix = "/fn", endpoint = "reveal_key", input = PageForm, output = PageJson)]
pub async fn reveal_key(id: String, account: Option<AccountId>) -> Result<String, UiError> {
    use crate::{routes::Page, server_side as server};
    let key = server_reveal_key(&id, account).await;
    if !server::is_plain_form() {
        return key.map_err(server::failed);
    }
    let page = match (key, id.parse()) {
        (Ok(_), Ok(id)) => Page::License(id),
        _ => Page::Licenses,
    };
    server::see_other(&page.path());
    Ok(String::new())
}

#[cfg(feature = "ssr")]
async fn server_reveal_key(id: &str, account: Option<AccountId>) -> Result<String, UiError> {
    use crate::server_side as server;
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    let id = id.parse().map_err(|_| UiError::NotFound)?;
    let key = backend.service.customer(&who).reveal_key(id).await.map_err(refusal)?;
    if server::is_plain_form() {
        backend.cookies.allow_reveal(id);
    }
    Ok(key.expose().to_owned())
}

#[server(prefix = "/fn", endpoint = "replace_key", input = PageForm, output = PageJson)]
pub async fn replace_key(id: String, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let result = server_replace_key(&id, account).await;
    let form = id.parse().map_or(Page::Licenses, Page::NewKey);
    server::finish(result, &form.path())
}

#[cfg(feature = "ssr")]
async fn server_replace_key(id: &str, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, shared::flash::Flash};
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    let id = id.parse().map_err(|_| UiError::NotFound)?;
    backend.service.customer(&who).replace_key(id).await.map_err(refusal)?;
    // The person has to enter the new key in the app, so the next page shows it.
    backend.cookies.allow_reveal(id);
    Ok(FormRedirect { flash: Some(Flash::KeyReplaced), redirect_to: Page::License(id).path() })
}

/// What the page shows before a computer is freed.
#[server(prefix = "/fn", endpoint = "confirm_free_computer", input = PageForm, output = PageJson)]
pub async fn confirm_free_computer(license: String, machine: String) -> Result<FreeConfirmation, UiError> {
    use crate::server_side as server;
    server_confirm_free_computer(&license, &machine).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_confirm_free_computer(license: &str, machine: &str) -> Result<FreeConfirmation, UiError> {
    use crate::server_side as server;
    let (backend, who) = (server::backend()?, server::viewer()?);
    let license = license.parse().map_err(|_| UiError::NotFound)?;
    let customer = who.view(&backend.service);
    let (view, machine) = match machine.parse() {
        Ok(machine) => customer.find_machine(license, machine).await.map_err(refusal)?,
        Err(_) => (customer.license(license).await.map_err(refusal)?, None),
    };
    let now = backend.service.now();
    Ok(FreeConfirmation {
        license: crate::portal::present::license(&view, now, backend.service.brand()),
        computer: machine.map(|machine| crate::portal::present::computer(&machine, now)),
    })
}

#[server(prefix = "/fn", endpoint = "free_computer", input = PageForm, output = PageJson)]
pub async fn free_computer(
    license: String,
    machine: String,
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let result = server_free_computer(&license, &machine, account).await;
    let form = match (license.parse(), machine.parse()) {
        (Ok(license), Ok(machine)) => Page::FreeComputer(license, machine),
        _ => Page::Licenses,
    };
    server::finish(result, &form.path())
}

#[cfg(feature = "ssr")]
async fn server_free_computer(
    license: &str,
    machine: &str,
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, shared::flash::Flash};
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    let license = license.parse().map_err(|_| UiError::NotFound)?;
    let machine = machine.parse().map_err(|_| UiError::NotFound)?;
    let freed = backend.service.customer(&who).free_machine(license, machine).await.map_err(refusal)?;
    let flash = Flash::Freed { label: freed.label, may_hold_file: freed.may_hold_file };
    Ok(FormRedirect { flash: Some(flash), redirect_to: Page::License(license).path() })
}
