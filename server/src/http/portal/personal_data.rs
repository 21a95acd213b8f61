//! The file with everything that is kept about a customer.

use axum::{
    Extension, Form, Router,
    extract::{State, rejection::FormRejection},
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use latchkey_app::{
    Flash, UiError,
    routes::{FormTarget, Page},
    server_side::{CookieKit, Identity, too_many},
};
use latchkey_licensing::ids::AccountId;
use latchkey_service::ExportDataError;
use serde::Deserialize;

use crate::http::{download::Download, state::AppState};

/// What this handler needs.
#[derive(Clone, Debug)]
pub(crate) struct DataState {
    pub(crate) app: AppState,
    pub(crate) cookies: CookieKit,
}

impl DataState {
    /// Leads back to the account's page, which shows the error.
    fn refuse(&self, error: UiError) -> Response {
        let mut response = Redirect::to(&Page::Account.path()).into_response();
        if let Some(cookie) = self.cookies.flash_cookie(&Flash::Failed(error)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

pub(crate) fn router() -> Router<DataState> {
    Router::new().route(&FormTarget::DataExport.path(), post(export))
}

/// Which account's data is asked for.
#[derive(Deserialize)]
struct ExportForm {
    /// The account for which the page with the form was made.
    account: Option<AccountId>,
}

async fn export(
    State(state): State<DataState>,
    identity: Extension<Identity>,
    form: Result<Form<ExportForm>, FormRejection>,
) -> Response {
    if form.ok().and_then(|Form(form)| form.account) != Some(identity.0.0.account.id) {
        return state.refuse(UiError::OtherAccount);
    }
    match state.app.service.customer(&identity.0.0).export_data().await {
        Ok(data) => Download::of_data(&data).into_response(),
        Err(ExportDataError::Throttled(throttled)) => state.refuse(too_many(throttled)),
        Err(ExportDataError::Internal(error)) => {
            tracing::error!(%error, "a customer's data could not be exported: {error}");
            state.app.plain.failed()
        }
    }
}
