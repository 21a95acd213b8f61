//! `GET /v1/licenses`

use axum::extract::{OriginalUri, State};
use latchkey_service::{LicenseDocument, Page, PageStart};
use latchkey_wire::document::{LicenseAttributes, Many};
use uuid::Uuid;

use crate::http::{
    api::{
        auth::AuthenticatedWithMachines,
        documents::{
            paging::{PageParams, Paging},
            resources::{self, Document},
        },
        error::ApiError,
        openapi::responses::{KeyErrors, PagingErrors},
    },
    state::AppState,
};

/// Lists the licenses that a key gives access to: the one that it belongs to.
#[utoipa::path(
    get,
    path = "/v1/licenses",
    tag = "Licenses",
    operation_id = "listLicenses",
    params(PageParams),
    responses((status = 200, description = "A page with the license", body = Many<LicenseAttributes>), PagingErrors, KeyErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    AuthenticatedWithMachines(app): AuthenticatedWithMachines,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<LicenseAttributes>>, ApiError> {
    let is_first = matches!(paging.start::<Uuid>(), PageStart::After(None) | PageStart::Skip(0));
    let items = if is_first { vec![app.license().await?] } else { Vec::new() };
    let account = state.account();
    let page: Page<LicenseDocument, Uuid> = Page { items, next: None };
    paging.document(page, |license| resources::license(license, &account), &uri)
}
