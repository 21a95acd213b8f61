//! `GET /v1/machines/{machine}/processes`

use axum::extract::{OriginalUri, State};
use latchkey_wire::{document::Many, parts::ProcessAttributes};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::{
            paging::{PageParams, Paging},
            resources::Document,
        },
        error::ApiError,
        input::PathParam,
        openapi::responses::{NamedErrors, PagingErrors},
        processes,
    },
    state::AppState,
};

/// Lists the processes on a machine, the newest first.
#[utoipa::path(
    get,
    path = "/v1/machines/{machine}/processes",
    tag = "Processes",
    operation_id = "listProcesses",
    params(("machine" = String, Path, description = "The machine's id or fingerprint"), PageParams),
    responses((status = 200, description = "A page of processes", body = Many<ProcessAttributes>), PagingErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(machine): PathParam,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<ProcessAttributes>>, ApiError> {
    let page = app.processes(&machine, paging.start(), paging.size()).await?.ok_or_else(ApiError::not_found)?;
    let account = state.account();
    paging.document(page, |process| processes::resource(process, &account), &uri)
}
