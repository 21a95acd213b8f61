//! `GET /v1/licenses/{license}/machines`

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
        input::PathParam,
        licenses::check_name,
        openapi::responses::{NamedErrors, PagingErrors},
    },
    state::AppState,
};

/// Lists the active machines, newest first.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/machines",
    tag = "Licenses",
    operation_id = "listMachines",
    params(("license" = String, Path, description = "The license's id or key"), PageParams),
    responses((status = 200, description = "A page of active machines", body = Many<MachineAttributes>), PagingErrors, NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn machines(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<MachineAttributes>>, ApiError> {
    check_name(&app, &license)?;
    let page = app.machines(paging.start(), paging.size()).await?;
    let account = state.account();
    paging.document(page, |machine| resources::machine(machine, &account), &uri)
}
