//! `POST /v1/processes`

use axum::{extract::State, response::IntoResponse};
use latchkey_licensing::machine::{MAX_FACT_BYTES, fact};
use latchkey_service::{KeyHolder, NewProcess, SpawnError};
use latchkey_wire::{
    document::One,
    error::{ErrorCode, ErrorDocument},
    parts::{ProcessAttributes, Spawn, SpawnData},
    request::whole_number,
};
use serde_json::Value;

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources,
        error::ApiError,
        input::{Json, check_type},
        openapi::responses::{BodyErrors, NamedErrors},
        processes::{self, TYPE},
    },
    state::AppState,
};

const PID: &str = "/data/attributes/pid";
const MACHINE: &str = "/data/relationships/machine";

/// Spawns a process on an active machine, within the limits of the policy. Its first heartbeat is now.
#[utoipa::path(
    post,
    path = "/v1/processes",
    tag = "Processes",
    operation_id = "spawnProcess",
    request_body(content = Spawn, description = "A pid and a machine are required"),
    responses(
        (status = 201, description = "The process; `Location` is its URL", body = One<ProcessAttributes>),
        (status = 422, description = "`MACHINE_PROCESS_LIMIT_EXCEEDED`, `PID_TAKEN`, `ATTRIBUTE_INVALID`", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn spawn(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    Json(body): Json<Spawn>,
) -> Result<impl IntoResponse, ApiError> {
    let process = app.spawn_process(read(body.data.0)?).await.map_err(|error| refused(error, &app))?;
    let document = processes::resource(&process, &state.account())?;
    Ok(resources::created(document, &state.api_address))
}

fn read(data: SpawnData) -> Result<NewProcess, ApiError> {
    check_type(data.kind.as_deref(), TYPE)?;
    let attributes = data.attributes.0;
    let pid = match attributes.pid {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(pid)) => pid,
        Some(Value::Number(pid)) => whole_number(&pid).ok_or_else(unreadable)?.to_string(),
        Some(_) => return Err(unreadable()),
    };
    let pid = fact(&pid).ok_or_else(|| {
        let detail = format!("pid is required, with at most {MAX_FACT_BYTES} bytes and no control characters.");
        ApiError::new(ErrorCode::AttributeInvalid, detail).at(PID)
    })?;
    let machine = data.relationships.and_then(|relationships| relationships.0.machine);
    let machine = machine.ok_or_else(|| {
        ApiError::new(ErrorCode::DocumentInvalid, "The machine on which the process runs is required.").at(MACHINE)
    })?;
    let metadata = Value::Object(attributes.metadata.unwrap_or_default()).to_string();
    Ok(NewProcess { machine: machine.0.data.0.id, pid, metadata })
}

fn unreadable() -> ApiError {
    let detail = "The body is invalid: pid must be a string or a whole number that is not negative.";
    ApiError::new(ErrorCode::DocumentInvalid, detail).at(PID)
}

fn refused(error: SpawnError, app: &KeyHolder) -> ApiError {
    match error {
        SpawnError::NoMachine => ApiError::not_found().at(MACHINE),
        SpawnError::PidTaken => {
            ApiError::new(ErrorCode::PidTaken, "A process with this pid is already running on the machine.").at(PID)
        }
        SpawnError::Limit { limit } => {
            let detail =
                format!("All {limit} processes that the license allows are running: end one to start another.");
            ApiError::new(ErrorCode::MachineProcessLimitExceeded, detail).at("/data").about(app.portal_page())
        }
        SpawnError::Refused(refusal) => refusal.into(),
        SpawnError::Internal(error) => error.into(),
    }
}
