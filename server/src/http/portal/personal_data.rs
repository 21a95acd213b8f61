//! The file with everything that is kept about a customer.

use axum::{
    Extension, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use latchkey_app::{
    Flash,
    routes::{FormTarget, Page},
    server_side::{CookieKit, Identity, too_many},
};
use latchkey_service::ExportDataError;

use crate::http::{download::Download, state::AppState};

/// What this handler needs.
#[derive(Clone, Debug)]
pub(crate) struct DataState {
    pub(crate) app: AppState,
    pub(crate) cookies: CookieKit,
}

pub(crate) fn router() -> Router<DataState> {
    Router::new().route(&FormTarget::DataExport.path(), post(export))
}

async fn export(State(state): State<DataState>, identity: Extension<Identity>) -> Response {
    match state.app.service.customer(&identity.0.0).export_data().await {
        Ok(data) => Download::of_data(&data).into_response(),
        Err(ExportDataError::Throttled(throttled)) => {
            let mut response = Redirect::to(&Page::Account.path()).into_response();
            let flash = Flash::Failed(too_many(throttled));
            if let Some(cookie) = state.cookies.flash_cookie(&flash) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(ExportDataError::Internal(error)) => {
            tracing::error!(%error, "a customer's data could not be exported: {error}");
            state.app.plain.failed()
        }
    }
}
