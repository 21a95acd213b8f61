//! `GET /v1/machines/{machine}/components`

use axum::extract::{OriginalUri, State};
use latchkey_wire::{document::Many, parts::ComponentAttributes};

use crate::http::{
    api::{
        auth::Authenticated,
        components,
        documents::{
            paging::{PageParams, Paging},
            resources::Document,
        },
        error::ApiError,
        input::PathParam,
        openapi::responses::{NamedErrors, PagingErrors},
    },
    state::AppState,
};

/// Lists the components of a machine, the newest first.
#[utoipa::path(
    get,
    path = "/v1/machines/{machine}/components",
    tag = "Machines",
    operation_id = "listComponents",
    params(("machine" = String, Path, description = "The machine's id or fingerprint"), PageParams),
    responses((status = 200, description = "A page of components", body = Many<ComponentAttributes>), PagingErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(machine): PathParam,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<ComponentAttributes>>, ApiError> {
    let page = app.components(&machine, paging.start(), paging.size()).await?.ok_or_else(ApiError::not_found)?;
    let account = state.account();
    paging.document(page, |component| components::resource(component, &account), &uri)
}
