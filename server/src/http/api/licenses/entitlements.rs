//! `GET /v1/licenses/{license}/entitlements`

use axum::extract::{OriginalUri, State};
use latchkey_wire::document::{EntitlementAttributes, Many};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::{
            paging::{PageParams, Paging},
            resources::{self, Document},
        },
        error::ApiError,
        input::PathParam,
        licenses::check_name,
        openapi::responses::{NamedErrors, PagingErrors},
    },
    state::AppState,
};

/// Lists the entitlements of the policy and the license, newest first.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/entitlements",
    tag = "Licenses",
    operation_id = "listEntitlements",
    params(("license" = String, Path, description = "The license's id or key"), PageParams),
    responses(
        (status = 200, description = "A page of entitlements of the policy and the license", body = Many<EntitlementAttributes>),
        PagingErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn entitlements(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<EntitlementAttributes>>, ApiError> {
    check_name(&app, &license)?;
    let page = app.entitlements(paging.start(), paging.size()).await?;
    let account = state.account();
    paging.document(page, |held| Ok(resources::entitlement(held, &account)), &uri)
}
