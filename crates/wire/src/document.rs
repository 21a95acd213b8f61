//! Documents that the server sends.

use latchkey_licensing::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The media type of every document (JSON:API 1.0).
pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// One resource: what JSON:API calls a resource object. `relationships` is always present, because
/// clients require it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resource<A> {
    /// Its id.
    pub id: String,
    /// Its type, in the plural.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it holds.
    pub attributes: A,
    /// What it belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub relationships: Map<String, Value>,
    /// Where it is.
    pub links: Links,
}

/// The link of a resource to itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// Its own path.
    #[serde(rename = "self")]
    pub this: String,
}

/// A document with one resource.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct One<A> {
    /// The resource.
    pub data: Resource<A>,
}

/// A document with a page of resources.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Many<A> {
    /// The page.
    pub data: Vec<Resource<A>>,
    /// The neighbouring pages.
    pub links: PageLinks,
}

/// Links of a page; `next` is null on the last one.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PageLinks {
    /// This page.
    #[serde(rename = "self")]
    pub this: String,
    /// The page after it.
    pub next: Option<String>,
}

/// That the server is there.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pong {
    /// All there is to say.
    pub meta: PongMeta,
}

/// What a server says that is there.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PongMeta {
    /// Always true.
    pub ok: bool,
}

/// The answer of a validation. `data` is null where there is no such license.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validation {
    /// The license.
    pub data: Option<Resource<LicenseAttributes>>,
    /// The verdict.
    pub meta: ValidationMeta,
}

/// The verdict of a validation.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidationMeta {
    /// The server's time.
    pub ts: String,
    /// Whether the license is good for the scope.
    pub valid: bool,
    /// Why, in words.
    pub detail: String,
    /// Why, as a code.
    pub code: &'static str,
    /// The scope as it was asked; an object, empty if none was given.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub scope: Map<String, Value>,
    /// The caller's nonce, if it sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub nonce: Option<Value>,
}

/// A license's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the protocol's own fields")]
pub struct LicenseAttributes {
    /// Its name; this server gives none.
    pub name: Option<String>,
    /// Its key.
    pub key: String,
    /// When it ends.
    pub expiry: Option<String>,
    /// Its status.
    pub status: &'static str,
    /// How often it was used.
    pub uses: i64,
    /// Whether it is suspended or revoked.
    pub suspended: bool,
    /// What it may still do after its end; no client but our own reads it.
    pub expiry_strategy: &'static str,
    /// The scheme of a signed key.
    pub scheme: Option<&'static str>,
    /// Whether keys are hashed in this API; never.
    pub encrypted: bool,
    /// Whether machines are counted in every validation.
    pub strict: bool,
    /// Whether several machines are meant.
    pub floating: bool,
    /// Whether only the vendor may create machines by hand.
    pub protected: bool,
    /// The version last used.
    pub version: Option<String>,
    /// The limits.
    pub max_machines: Option<i32>,
    /// Always null.
    pub max_processes: Option<i32>,
    /// Always null.
    pub max_users: Option<i32>,
    /// How many cores its machines may have together.
    pub max_cores: Option<i32>,
    /// Always null.
    pub max_memory: Option<i64>,
    /// Always null.
    pub max_disk: Option<i64>,
    /// How far the usage counter may go.
    pub max_uses: Option<i32>,
    /// Whether machines must send heartbeats.
    pub require_heartbeat: bool,
    /// Whether apps must check in.
    pub require_check_in: bool,
    /// When it was last validated.
    pub last_validated: Option<String>,
    /// When an app last checked in.
    pub last_check_in: Option<String>,
    /// When an app must check in again.
    pub next_check_in: Option<String>,
    /// When a file was last checked out.
    pub last_check_out: Option<String>,
    /// What the vendor attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When it was issued.
    pub created: String,
    /// When it last changed.
    pub updated: String,
}

/// A machine's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MachineAttributes {
    /// What the app identifies it by.
    pub fingerprint: String,
    /// Its label.
    pub name: Option<String>,
    /// Operating system and architecture.
    pub platform: Option<String>,
    /// Its host name.
    pub hostname: Option<String>,
    /// Always null: addresses are not kept.
    pub ip: Option<String>,
    /// Number of processor cores.
    pub cores: Option<u32>,
    /// Always null.
    pub memory: Option<i64>,
    /// Always null.
    pub disk: Option<i64>,
    /// Whether it must send heartbeats.
    pub require_heartbeat: bool,
    /// The heartbeat's state.
    pub heartbeat_status: &'static str,
    /// The heartbeat window in seconds.
    pub heartbeat_duration: u64,
    /// When the last heartbeat came.
    pub last_heartbeat: Option<String>,
    /// When the next heartbeat is due.
    pub next_heartbeat: Option<String>,
    /// When a file was last checked out for it.
    pub last_check_out: Option<String>,
    /// Always null.
    pub max_processes: Option<i32>,
    /// What the app attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When it was activated.
    pub created: String,
    /// When it last changed.
    pub updated: String,
}

/// An entitlement's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntitlementAttributes {
    /// What people call it.
    pub name: String,
    /// The code by which apps ask for it.
    pub code: String,
    /// What the vendor attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When it was made.
    pub created: String,
    /// When it last changed.
    pub updated: String,
}

/// A policy's attributes, as far as files tell them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PolicyAttributes {
    /// What people call it.
    pub name: String,
    /// The name that catalogs use.
    pub code: String,
    /// How long a license lasts, in seconds.
    pub duration: Option<u64>,
    /// Whether machines are counted in every validation.
    pub strict: bool,
    /// Whether several machines are meant.
    pub floating: bool,
    /// What an expired license may still do.
    pub expiration_strategy: &'static str,
    /// How many machines beyond the limit may be active.
    pub overage_strategy: &'static str,
    /// Whether machines must send heartbeats.
    pub require_heartbeat: bool,
    /// The heartbeat window in seconds.
    pub heartbeat_duration: u64,
    /// How many machines may be active.
    pub max_machines: Option<i32>,
    /// When it was made.
    pub created: String,
    /// When it last changed.
    pub updated: String,
}

/// A product's attributes, as far as files tell them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductAttributes {
    /// What people call it.
    pub name: String,
    /// The name that catalogs use.
    pub code: String,
    /// When it was made.
    pub created: String,
}

/// A user's attributes, as far as files tell them: no address, because files travel.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserAttributes {
    /// What to call the person.
    #[serde(rename = "fullName")]
    pub full_name: Option<String>,
    /// When the account was made.
    pub created: String,
}

/// What a license file or a machine file is signed over.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dataset<A> {
    /// The license or the machine.
    pub data: Resource<A>,
    /// What else it tells of; for machine files the license is always among it.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub included: Vec<Value>,
    /// From when until when it is good.
    pub meta: DatasetMeta,
}

/// From when until when a file is good.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatasetMeta {
    /// When it was issued.
    pub issued: String,
    /// When it ends.
    pub expiry: String,
    /// How long it lasts, in seconds.
    pub ttl: u32,
}

/// The answer of a check-out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct File {
    /// The file.
    pub data: FileResource,
}

/// A file as a resource.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileResource {
    /// An id of its own, by which logs name it.
    pub id: String,
    /// `license-files` or `machine-files`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The file itself.
    pub attributes: FileAttributes,
    /// What it belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub relationships: Map<String, Value>,
}

/// A file's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileAttributes {
    /// The file's text.
    pub certificate: String,
    /// How it is encoded and signed.
    pub algorithm: &'static str,
    /// What it includes, as it was asked.
    pub includes: Vec<String>,
    /// How long it lasts, in seconds.
    pub ttl: u32,
    /// When it was issued.
    pub issued: String,
    /// When it ends.
    pub expiry: String,
}

/// A relationship to one resource.
pub fn to_one(kind: &str, id: &str) -> Value {
    json!({ "data": { "type": kind, "id": id } })
}

/// A relationship to no resource.
pub fn to_none() -> Value {
    json!({ "data": null })
}

/// A relationship to many resources: a link and a count, never a list, which clients refuse.
pub fn to_many(related: &str, count: Option<usize>) -> Value {
    match count {
        Some(count) => json!({ "links": { "related": related }, "meta": { "count": count } }),
        None => json!({ "links": { "related": related } }),
    }
}

/// An instant as documents carry it.
pub fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}
