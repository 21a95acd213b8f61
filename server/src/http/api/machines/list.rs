//! `GET /v1/machines`

use axum::extract::{OriginalUri, State};
use latchkey_wire::document::{MachineAttributes, Many};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::{
            paging::{PageParams, Paging},
            resources::{self, Document},
        },
        error::ApiError,
        openapi::responses::{KeyErrors, PagingErrors},
    },
    state::AppState,
};

/// Lists the active machines of the license whose key is sent, newest first.
#[utoipa::path(
    get,
    path = "/v1/machines",
    tag = "Machines",
    operation_id = "listOwnMachines",
    params(PageParams),
    responses((status = 200, description = "A page of active machines", body = Many<MachineAttributes>), PagingErrors, KeyErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<MachineAttributes>>, ApiError> {
    let page = app.machines(paging.start(), paging.size()).await?;
    let account = state.account();
    paging.document(page, |machine| resources::machine(machine, &account), &uri)
}
