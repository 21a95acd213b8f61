//! `GET /v1/components/{component}`

use axum::{extract::State, response::IntoResponse};
use latchkey_wire::{document::One, parts::ComponentAttributes};

use crate::http::{
    api::{
        auth::Authenticated, components, documents::resources::Document, error::ApiError, input::PathParam,
        openapi::responses::NamedErrors,
    },
    state::AppState,
};

/// Shows a component of an active machine.
#[utoipa::path(
    get,
    path = "/v1/components/{component}",
    tag = "Machines",
    operation_id = "showComponent",
    params(("component" = String, Path, description = "The component's id")),
    responses((status = 200, description = "The component", body = One<ComponentAttributes>), NamedErrors),
    security(("license_key" = [])),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(id): PathParam,
) -> Result<impl IntoResponse, ApiError> {
    let component = app.component(&id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Document(One { data: components::resource(&component, &state.account())? }))
}
