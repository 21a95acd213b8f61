//! Requests of computers without internet access, entered by the customer.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    portal::model::OfflineRequest,
    shared::{error::UiError, flash::FormRedirect},
};

/// Parses a request. Changes nothing.
#[server(prefix = "/fn", endpoint = "read_request", input = PageForm, output = PageJson)]
pub async fn read_request(
    /// The request's text. An empty text is not an error.
    request: String,
) -> Result<Option<OfflineRequest>, UiError> {
    use crate::server_side as server;
    server_read_request(&request).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_read_request(text: &str) -> Result<Option<OfflineRequest>, UiError> {
    use crate::server_side as server;
    use latchkey_licensing::air_gap::Action;
    let (backend, who) = (server::backend()?, server::viewer()?);
    if text.trim().is_empty() {
        return Ok(None);
    }
    let found = who.view(&backend.service).read_air_gap_request(text).await.map_err(refusal)?;
    let facts = &found.request.facts;
    let reported = facts.name.clone().or_else(|| facts.hostname.clone());
    let label = found.machine.as_ref().map(latchkey_licensing::machine::Machine::label).or(reported);
    Ok(Some(OfflineRequest {
        activates: found.request.action == Action::Activate,
        label: label.unwrap_or_else(|| "This computer".to_owned()),
        platform: facts.platform.clone(),
        is_active: found.machine.is_some(),
        license: crate::portal::present::license(&found.license, backend.service.now(), backend.service.brand()),
    }))
}

#[cfg(feature = "ssr")]
fn refusal(error: latchkey_service::AirGapRefusal) -> UiError {
    use latchkey_licensing::air_gap::AirGapError;
    use latchkey_service::{ActivateError, AirGapRefusal};
    match error {
        AirGapRefusal::Text(AirGapError::Form) => UiError::RequestInvalid,
        AirGapRefusal::Text(AirGapError::Damaged) => UiError::RequestDamaged,
        AirGapRefusal::OtherKey => UiError::RequestForeign,
        AirGapRefusal::FilesNotOffered => UiError::FilesNotOffered,
        AirGapRefusal::Old => UiError::RequestOld,
        AirGapRefusal::Activate(ActivateError::MachineLimit { .. } | ActivateError::CoreLimit { .. }) => {
            UiError::NoFreeSlot
        }
        AirGapRefusal::Activate(ActivateError::Refused(_)) => UiError::LicenseNotValid,
        AirGapRefusal::Activate(ActivateError::Internal(error)) | AirGapRefusal::Internal(error) => {
            crate::server_side::internal_error(&error)
        }
        // Two requests at once, or components, which these requests do not have.
        AirGapRefusal::Activate(
            ActivateError::FingerprintTaken
            | ActivateError::ComponentRepeated { .. }
            | ActivateError::ComponentTaken { .. },
        ) => UiError::Unavailable,
    }
}

/// Activates or deactivates the computer that made the request.
#[server(prefix = "/fn", endpoint = "carry_out_request", input = PageForm, output = PageJson)]
pub async fn carry_out_request(request: String, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::NextPath, server_side as server};
    let result = server_carry_out_request(&request, account).await;
    // The request stays in the URL, so that it need not be entered again after a slot has been freed.
    let form = NextPath::of_request(&request);
    server::finish(result, form.as_str())
}

#[cfg(feature = "ssr")]
async fn server_carry_out_request(text: &str, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, shared::flash::Flash};
    use latchkey_service::AirGapOutcome;
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    let done = backend.service.customer(&who).carry_out_air_gap_request(text).await.map_err(refusal)?;
    Ok(match done {
        AirGapOutcome::Activated { license, machine } => {
            FormRedirect { flash: Some(Flash::ActivatedOffline), redirect_to: Page::Computer(license, machine).path() }
        }
        AirGapOutcome::Deactivated { license, label } => FormRedirect {
            flash: Some(Flash::DeactivatedOffline { label }),
            redirect_to: Page::License(license).path(),
        },
    })
}
