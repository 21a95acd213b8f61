//! Components of machines and processes on them: what clients send, and what the server sends.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{object::JsonObject, request::ToOne};

/// A component's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComponentAttributes {
    /// The fingerprint by which the app identifies the component.
    pub fingerprint: String,
    /// The name that the app gave it. May be empty.
    pub name: String,
    /// Data that the app attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When the machine was activated with it, RFC 3339.
    pub created: String,
    /// The same as `created`.
    pub updated: String,
}

/// A process's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessAttributes {
    /// The text by which the app identifies the process.
    pub pid: String,
    /// `ALIVE` or `DEAD`.
    pub status: &'static str,
    /// The window within which the next heartbeat must arrive, in seconds.
    pub interval: u64,
    /// When the last heartbeat was received, RFC 3339. Spawning is the first.
    pub last_heartbeat: String,
    /// When the next heartbeat is due, RFC 3339.
    pub next_heartbeat: String,
    /// Data that the app attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When the process was spawned, RFC 3339.
    pub created: String,
    /// The same as `lastHeartbeat`.
    pub updated: String,
}

/// The body of a request to spawn a process.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spawn {
    /// The process to spawn.
    #[cfg_attr(feature = "openapi", schema(value_type = SpawnData))]
    pub data: JsonObject<SpawnData>,
}

/// A process to spawn.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpawnData {
    /// `processes`, if sent.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Facts about the process.
    #[cfg_attr(feature = "openapi", schema(value_type = SpawnAttributes))]
    pub attributes: JsonObject<SpawnAttributes>,
    /// Related resources.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SpawnRelationships>))]
    pub relationships: Option<JsonObject<SpawnRelationships>>,
}

/// Facts about a process to spawn.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpawnAttributes {
    /// The text by which the app identifies the process, unique on the machine. Required. A whole number is read as text.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub pid: Option<Value>,
    /// Data to attach.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
}

/// Resources related to a process to spawn.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpawnRelationships {
    /// The machine on which it runs, by id or fingerprint. Required.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ToOne>))]
    pub machine: Option<JsonObject<ToOne>>,
}
