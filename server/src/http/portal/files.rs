//! Downloads and uploads in the portal. They cannot be server functions, because browsers save the download
//! and send the upload themselves.

use axum::{
    Form, Router,
    extract::{Multipart, Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use latchkey_app::{
    routes::{FormTarget, NextPath, Page},
    server_side::Identity,
};
use latchkey_licensing::ids::{LicenseId, MachineId};
use latchkey_service::{CheckOutError, CustomerFileError};
use serde::Deserialize;

use crate::http::{
    api::documents::dataset::{self, Include},
    download::Download,
    state::AppState,
};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route(FormTarget::COMPUTER_FILES, post(machine_file))
        .route(&FormTarget::OfflineRequest.path(), post(upload))
}

#[derive(Deserialize)]
struct FileForm {
    days: u32,
}

/// The encrypted machine file of the customer's own computer. Other customers' computers are treated as missing.
async fn machine_file(
    State(state): State<AppState>,
    identity: axum::Extension<Identity>,
    Path((license, machine)): Path<(String, String)>,
    Form(form): Form<FileForm>,
) -> Response {
    let (Ok(license), Ok(machine)) = (license.parse::<LicenseId>(), machine.parse::<MachineId>()) else {
        return state.plain.not_found();
    };
    let account = state.account();
    let includes = [Include::Entitlements].into();
    let compose = |facts: &_| dataset::compose(facts, &includes, &account);
    let customer = state.service.customer(&identity.0.0);
    match customer.check_out_machine(license, machine, form.days.max(1), compose).await {
        Ok(file) => Download::of_file(&file).into_response(),
        // The computer's page says so.
        Err(CustomerFileError::NotOffered) => Redirect::to(&Page::Computer(license, machine).path()).into_response(),
        Err(CustomerFileError::CheckOut(CheckOutError::NotFound)) => state.plain.not_found(),
        // The license's page gives the reason: it is suspended, revoked or expired.
        Err(CustomerFileError::CheckOut(CheckOutError::Refused(_))) => {
            Redirect::to(&Page::License(license).path()).into_response()
        }
        Err(CustomerFileError::CheckOut(CheckOutError::Internal(error))) => failed(&state, &error),
        Err(CustomerFileError::CheckOut(error @ (CheckOutError::TtlTooShort | CheckOutError::TooLong(_)))) => {
            tracing::error!(%error, "a customer's file could not be created");
            state.plain.failed()
        }
    }
}

fn failed(state: &AppState, error: &latchkey_service::Internal) -> Response {
    tracing::error!(%error, "a file could not be created");
    state.plain.failed()
}

/// A request that was pasted, or saved as a file by the app. It is shown on the page that carries it out,
/// which also shows what is wrong with it.
async fn upload(mut form: Multipart) -> Response {
    let mut text = String::new();
    while let Ok(Some(field)) = form.next_field().await {
        if matches!(field.name(), Some("request" | "file")) {
            text = field.text().await.unwrap_or_default();
        }
    }
    Redirect::to(NextPath::of_request(&text).as_str()).into_response()
}
