//! `POST /v1/machines`

use std::net::IpAddr;

use axum::{extract::State, response::IntoResponse};
use latchkey_licensing::{
    machine::{Fingerprint, MAX_FACT_BYTES, MAX_FINGERPRINT_BYTES, MAX_SIZE_BYTES, Machine, MachineFacts, fact},
    text::has_disruptive,
};
use latchkey_service::{ActivateError, KeyHolder, NewMachine};
use latchkey_wire::{
    document::{MachineAttributes, One},
    error::{ErrorCode, ErrorDocument},
    object::JsonObject,
    request::{Activate, ActivateAttributes},
};
use serde_json::{Map, Value};

use crate::http::{
    api::{
        auth::Authenticated,
        components::given::GivenComponents,
        documents::resources,
        error::ApiError,
        input::{Json, check_type},
        machines::TYPE,
        openapi::responses::{BodyErrors, NamedErrors},
    },
    state::AppState,
};

/// Activates a machine with its components, within the limits of the license.
#[utoipa::path(
    post,
    path = "/v1/machines",
    tag = "Machines",
    operation_id = "activate",
    request_body(content = Activate, description = "A fingerprint is required"),
    responses(
        (status = 201, description = "The machine; `Location` is its URL", body = One<MachineAttributes>),
        (status = 403, description = "`ID_NOT_ALLOWED`: the server chooses the id; and those of the key", body = ErrorDocument),
        (status = 422, description = "`FINGERPRINT_TAKEN`, `MACHINE_LIMIT_EXCEEDED` (`meta.machines` lists the active machines, `links.about` is the page where one can be freed), `MACHINE_CORE_LIMIT_EXCEEDED`, `COMPONENTS_FINGERPRINT_CONFLICT`, `COMPONENTS_FINGERPRINT_TAKEN`, `FINGERPRINT_MISSING`, `FINGERPRINT_INVALID`, `ATTRIBUTE_INVALID`", body = ErrorDocument),
        BodyErrors,
        NamedErrors,
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn activate(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    Json(body): Json<Activate>,
) -> Result<impl IntoResponse, ApiError> {
    let data = body.data.0;
    check_type(data.kind.as_deref(), TYPE)?;
    if data.id.is_some_and(|id| !id.is_empty()) {
        let detail = "The server chooses the id: leave it out, and name the machine by its fingerprint.";
        return Err(ApiError::new(ErrorCode::IdNotAllowed, detail).at("/data/id"));
    }
    let mut given = GivenComponents::default();
    if let Some(JsonObject(relationships)) = data.relationships {
        if relationships.license.is_some_and(|license| !app.has_id_or_key(&license.data.id)) {
            return Err(ApiError::not_found().at("/data/relationships/license"));
        }
        given = GivenComponents::read(relationships.components.as_ref())?;
    }
    let machine = NewMachine { components: std::mem::take(&mut given.components), ..read_machine(data.attributes.0)? };
    let activated = app.activate_machine(machine).await.map_err(|error| refused(error, &app, &given))?;
    let document = resources::machine(&activated, &state.account())?;
    Ok(resources::created(document, &state.api_address))
}

fn refused(error: ActivateError, app: &KeyHolder, given: &GivenComponents) -> ApiError {
    match error {
        ActivateError::FingerprintTaken => {
            ApiError::new(ErrorCode::FingerprintTaken, "This machine is already active.")
                .at("/data/attributes/fingerprint")
        }
        ActivateError::MachineLimit { limit, holders } => {
            let names: Vec<_> = holders.iter().take(3).map(Machine::label).collect();
            let detail = format!(
                "All {limit} machines of this license are in use ({}). Free one to activate this one.",
                names.join(", ")
            );
            ApiError::new(ErrorCode::MachineLimitExceeded, detail)
                .at("/data")
                .about(app.portal_page())
                .with_meta(resources::holders(&holders))
        }
        ActivateError::CoreLimit { limit, holders } => {
            let detail = format!(
                "The machines of this license may have {limit} cores in total: free a machine to activate this one."
            );
            ApiError::new(ErrorCode::MachineCoreLimitExceeded, detail)
                .at("/data/attributes/cores")
                .about(app.portal_page())
                .with_meta(resources::holders(&holders))
        }
        ActivateError::ComponentRepeated { position } => {
            ApiError::new(ErrorCode::ComponentsFingerprintConflict, "The machine has this component twice.")
                .at(given.place(position))
        }
        ActivateError::ComponentTaken { position } => {
            ApiError::new(ErrorCode::ComponentsFingerprintTaken, "Another machine of this license has this component.")
                .at(given.place(position))
        }
        ActivateError::Refused(refusal) => refusal.into(),
        ActivateError::Internal(error) => error.into(),
    }
}

fn read_machine(given: ActivateAttributes) -> Result<NewMachine, ApiError> {
    let place = "/data/attributes/fingerprint";
    let fingerprint = given
        .fingerprint
        .filter(|text| !text.is_empty())
        .ok_or_else(|| ApiError::new(ErrorCode::FingerprintMissing, "A fingerprint is required.").at(place))?;
    let fingerprint = Fingerprint::parse(&fingerprint).ok_or_else(|| {
        let detail =
            format!("A fingerprint must have at most {MAX_FINGERPRINT_BYTES} bytes and no control characters.");
        ApiError::new(ErrorCode::FingerprintInvalid, detail).at(place)
    })?;
    let metadata = given.metadata.unwrap_or_default();
    let cores = given.cores.filter(|cores| *cores > 0);
    if cores.is_some_and(|cores| i32::try_from(cores).is_err()) {
        return Err(ApiError::new(ErrorCode::AttributeInvalid, "The number of cores is too large.")
            .at("/data/attributes/cores"));
    }
    Ok(NewMachine {
        fingerprint,
        facts: MachineFacts {
            name: read_text(given.name, "name")?,
            hostname: read_text(given.hostname, "hostname")?,
            platform: read_text(given.platform, "platform")?,
            cores,
            memory: read_size(given.memory, "memory")?,
            disk: read_size(given.disk, "disk")?,
            ip: read_ip(given.ip)?,
            app_version: app_version(&metadata),
        },
        metadata: Value::Object(metadata).to_string(),
        components: Vec::new(),
    })
}

fn read_size(given: Option<u64>, name: &str) -> Result<Option<u64>, ApiError> {
    if given.is_some_and(|size| size > MAX_SIZE_BYTES) {
        let detail = format!("{name} must be at most {MAX_SIZE_BYTES} bytes.");
        return Err(ApiError::new(ErrorCode::AttributeInvalid, detail).at(format!("/data/attributes/{name}")));
    }
    Ok(given)
}

fn read_ip(given: Option<String>) -> Result<Option<IpAddr>, ApiError> {
    let Some(text) = given.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        ApiError::new(ErrorCode::AttributeInvalid, "ip must be an IP address, such as 192.0.2.7 or 2001:db8::7.")
            .at("/data/attributes/ip")
    })
}

pub(super) fn read_text(given: Option<String>, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = given.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let accepted = fact(&text).ok_or_else(|| {
        let detail = format!("{name} must have at most {MAX_FACT_BYTES} bytes and no control characters.");
        ApiError::new(ErrorCode::AttributeInvalid, detail).at(format!("/data/attributes/{name}"))
    })?;
    Ok(Some(accepted))
}

/// The protocol has no field for the app's version, so apps send it in the metadata.
fn app_version(metadata: &Map<String, Value>) -> Option<String> {
    let given = ["appVersion", "app_version", "version"].iter().find_map(|name| metadata.get(*name))?;
    given.as_str().filter(|text| (1..=64).contains(&text.len()) && !has_disruptive(text)).map(str::to_owned)
}
