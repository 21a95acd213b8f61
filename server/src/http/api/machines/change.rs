//! `PATCH /v1/machines/{machine}`

use axum::extract::State;
use latchkey_service::{KeyHolder, MachineDocument, MachineRenameError};
use latchkey_wire::{
    document::{MachineAttributes, One},
    error::{ErrorCode, ErrorDocument},
    request::ChangeMachine,
};
use serde_json::{Map, Value};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::{Json, PathParam, check_type},
        machines::{TYPE, activate::read_text},
        openapi::responses::{BodyErrors, NamedErrors},
    },
    state::AppState,
};

/// Renames a machine.
#[utoipa::path(
    patch,
    path = "/v1/machines/{machine}",
    tag = "Machines",
    operation_id = "changeMachine",
    params(("machine" = String, Path, description = "The machine's id or fingerprint")),
    request_body(content = ChangeMachine, description = "The document is required"),
    responses(
        (status = 200, description = "The machine", body = One<MachineAttributes>),
        (status = 422, description = "`ATTRIBUTE_INVALID`: the name is too long, another attribute would change, or the id is another machine's", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(name): PathParam,
    Json(body): Json<ChangeMachine>,
) -> Result<Document<One<MachineAttributes>>, ApiError> {
    let data = body.data.0;
    check_type(data.kind.as_deref(), TYPE)?;
    let present = app.machine(&name).await?.ok_or_else(ApiError::not_found)?;
    check_id(data.id.as_deref(), &present)?;
    let present = resources::machine(&present, &state.account())?;
    let attributes = data.attributes.0;
    check_unchanged(&attributes.others, &present.attributes)?;
    let Some(new_name) = attributes.name else {
        return Ok(Document(One { data: present }));
    };
    let machine = rename(&app, &name, read_text(new_name, "name")?).await?;
    Ok(Document(One { data: resources::machine(&machine, &state.account())? }))
}

/// The id in the body must be that of the machine in the path.
fn check_id(given: Option<&str>, machine: &MachineDocument) -> Result<(), ApiError> {
    let machine = &machine.machine;
    match given {
        None | Some("") => Ok(()),
        Some(id) if id.parse() == Ok(machine.id) || id == machine.fingerprint.as_str() => Ok(()),
        Some(_) => Err(ApiError::new(ErrorCode::AttributeInvalid, "The path names another machine.").at("/data/id")),
    }
}

/// Some clients send everything that they know. What is as it is does not matter; what would change must not go unnoticed.
fn check_unchanged(given: &Map<String, Value>, present: &MachineAttributes) -> Result<(), ApiError> {
    let present = serde_json::to_value(present).unwrap_or_default();
    match given.iter().find(|(name, value)| present.get(name.as_str()) != Some(*value)) {
        None => Ok(()),
        Some((name, _)) => {
            let detail = format!("{name} is set by the activation: only the name can be changed.");
            Err(ApiError::new(ErrorCode::AttributeInvalid, detail).at(format!("/data/attributes/{name}")))
        }
    }
}

async fn rename(app: &KeyHolder, machine: &str, name: Option<String>) -> Result<MachineDocument, ApiError> {
    app.rename_machine(machine, name).await.map_err(|error| match error {
        MachineRenameError::NotFound => ApiError::not_found(),
        MachineRenameError::Refused(refusal) => refusal.into(),
        MachineRenameError::Internal(error) => error.into(),
    })
}
