//! Documents sent by the server.

use latchkey_licensing::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The media type of all documents (JSON:API 1.0).
pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// A JSON:API resource object. `relationships` is always present, because clients require it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resource<A> {
    /// The resource's id, a UUID.
    pub id: String,
    /// The resource type in the plural, such as `licenses`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The resource's own data.
    pub attributes: A,
    /// Related resources by name.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub relationships: Map<String, Value>,
    /// The resource's link to itself.
    pub links: Links,
}

/// The link of a resource to itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// The path of the resource.
    #[serde(rename = "self")]
    pub this: String,
}

/// A document with one resource.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct One<A> {
    /// The resource object.
    pub data: Resource<A>,
}

/// A document with a page of resources.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Many<A> {
    /// The resources on this page.
    pub data: Vec<Resource<A>>,
    /// Links to this page and the next.
    pub links: PageLinks,
}

/// Links between pages. `next` is null on the last page.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PageLinks {
    /// The path of this page.
    #[serde(rename = "self")]
    pub this: String,
    /// The path of the next page.
    pub next: Option<String>,
}

/// The response to a ping.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pong {
    /// Always `{"ok": true}`.
    pub meta: PongMeta,
}

/// The content of a ping response.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PongMeta {
    /// Always true.
    pub ok: bool,
}

/// The result of a validation. `data` is null if the license does not exist.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validation {
    /// The license, or null if it does not exist.
    pub data: Option<Resource<LicenseAttributes>>,
    /// Whether the license is valid, and why not.
    pub meta: ValidationMeta,
}

/// Whether a license is valid, and why not.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidationMeta {
    /// The server's time, RFC 3339.
    pub ts: String,
    /// Whether the license is valid for the scope.
    pub valid: bool,
    /// The reason in words.
    pub detail: String,
    /// The reason as a code.
    pub code: &'static str,
    /// The scope as sent. An empty object if none was sent.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub scope: Map<String, Value>,
    /// The nonce as sent. Absent if none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub nonce: Option<Value>,
}

/// A license's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the fields are set by the protocol")]
pub struct LicenseAttributes {
    /// The license's name. Always null: licenses have no names on this server.
    pub name: Option<String>,
    /// The license key.
    pub key: String,
    /// When the license expires, RFC 3339. Null if it never does or its duration has not started.
    pub expiry: Option<String>,
    /// `ACTIVE`, `INACTIVE`, `EXPIRING`, `EXPIRED`, `SUSPENDED` or `BANNED`.
    pub status: &'static str,
    /// The usage counter.
    pub uses: i64,
    /// Whether the license is suspended or revoked.
    pub suspended: bool,
    /// What the license allows after it has expired. An extension that only `latchkey-client` reads.
    pub expiry_strategy: &'static str,
    /// The signature scheme of a signed key. Null for random keys.
    pub scheme: Option<&'static str>,
    /// Whether the key is stored only as a hash. Always false.
    pub encrypted: bool,
    /// Whether every validation checks the machine and core limits.
    pub strict: bool,
    /// Whether several machines may be active.
    pub floating: bool,
    /// Keygen's protection against changes by users. Always true.
    pub protected: bool,
    /// The version of the app that was last used. Always null.
    pub version: Option<String>,
    /// The machine limit, before overage. Null is unlimited.
    pub max_machines: Option<i32>,
    /// The limit of processes, before overage. Null is unlimited.
    pub max_processes: Option<i32>,
    /// Always null.
    pub max_users: Option<i32>,
    /// The limit of processor cores of all active machines together, before overage. Null is unlimited.
    pub max_cores: Option<i32>,
    /// Always null.
    pub max_memory: Option<i64>,
    /// Always null.
    pub max_disk: Option<i64>,
    /// The highest value of the usage counter. Null is unlimited.
    pub max_uses: Option<i32>,
    /// Whether machines must send heartbeats.
    pub require_heartbeat: bool,
    /// Whether apps must check in regularly.
    pub require_check_in: bool,
    /// When an app last validated the license, RFC 3339.
    pub last_validated: Option<String>,
    /// When an app last checked in, RFC 3339.
    pub last_check_in: Option<String>,
    /// When an app must check in next, RFC 3339.
    pub next_check_in: Option<String>,
    /// When a license or machine file was last checked out, RFC 3339.
    pub last_check_out: Option<String>,
    /// Data that the vendor attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When the license was issued, RFC 3339.
    pub created: String,
    /// When the license's data last changed, RFC 3339.
    pub updated: String,
}

/// A machine's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MachineAttributes {
    /// The fingerprint by which the app identifies the machine.
    pub fingerprint: String,
    /// A label chosen by the app or its user.
    pub name: Option<String>,
    /// The operating system and architecture, as the app spells them.
    pub platform: Option<String>,
    /// The machine's host name.
    pub hostname: Option<String>,
    /// The IP address that the app reported. The server does not store those that requests come from.
    pub ip: Option<String>,
    /// The number of processor cores.
    pub cores: Option<u32>,
    /// The size of the memory, in bytes.
    pub memory: Option<u64>,
    /// The size of the disk, in bytes.
    pub disk: Option<u64>,
    /// Whether the machine must send heartbeats.
    pub require_heartbeat: bool,
    /// `NOT_STARTED`, `ALIVE`, `DEAD` or `RESURRECTED`.
    pub heartbeat_status: &'static str,
    /// The heartbeat window in seconds.
    pub heartbeat_duration: u64,
    /// When the last heartbeat was received, RFC 3339.
    pub last_heartbeat: Option<String>,
    /// When the next heartbeat is due, RFC 3339.
    pub next_heartbeat: Option<String>,
    /// When a machine file was last checked out, RFC 3339.
    pub last_check_out: Option<String>,
    /// The limit of processes, before overage. Null is unlimited.
    pub max_processes: Option<i32>,
    /// Data that the app attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When the machine was activated, RFC 3339.
    pub created: String,
    /// When the machine's data last changed, RFC 3339.
    pub updated: String,
}

/// An entitlement's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntitlementAttributes {
    /// The name for display.
    pub name: String,
    /// The code by which apps check for the entitlement.
    pub code: String,
    /// Data that the vendor attached.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// When it was added to the catalog, RFC 3339.
    pub created: String,
    /// When it last changed, RFC 3339.
    pub updated: String,
}

/// The attributes of a policy that files include.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PolicyAttributes {
    /// The name for display.
    pub name: String,
    /// The name used in the catalog file, such as `lifetime`.
    pub code: String,
    /// How long a license lasts, in seconds. Null is perpetual.
    pub duration: Option<u64>,
    /// Whether every validation checks the machine and core limits.
    pub strict: bool,
    /// Whether several machines may be active.
    pub floating: bool,
    /// What a license allows after it has expired.
    pub expiration_strategy: &'static str,
    /// How many machines and cores beyond the limits are allowed.
    pub overage_strategy: &'static str,
    /// Whether machines must send heartbeats.
    pub require_heartbeat: bool,
    /// The heartbeat window in seconds.
    pub heartbeat_duration: u64,
    /// The machine limit, before overage. Null is unlimited.
    pub max_machines: Option<i32>,
    /// When it was added to the catalog, RFC 3339.
    pub created: String,
    /// When it last changed, RFC 3339.
    pub updated: String,
}

/// The attributes of a product that files include.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductAttributes {
    /// The name for display.
    pub name: String,
    /// The name used in the catalog file, such as `lifetime`.
    pub code: String,
    /// When it was added to the catalog, RFC 3339.
    pub created: String,
}

/// The attributes of a user that files include. No e-mail address, because files get passed around.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserAttributes {
    /// The person's full name.
    #[serde(rename = "fullName")]
    pub full_name: Option<String>,
    /// When the account was created, RFC 3339.
    pub created: String,
}

/// The signed content of a license or machine file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dataset<A> {
    /// The license, or in a machine file the machine.
    pub data: Resource<A>,
    /// Included resources. A machine file always includes the license.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub included: Vec<Value>,
    /// The validity period of the file.
    pub meta: DatasetMeta,
}

/// The validity period of a file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatasetMeta {
    /// When the file was issued, RFC 3339.
    pub issued: String,
    /// When the file expires, RFC 3339.
    pub expiry: String,
    /// The time to live that was requested, in seconds.
    pub ttl: u32,
}

/// The result of a check-out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct File {
    /// The file as a resource object.
    pub data: FileResource,
}

/// A license or machine file as a resource object.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileResource {
    /// Identifies this file in logs.
    pub id: String,
    /// `license-files` or `machine-files`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The file and its properties.
    pub attributes: FileAttributes,
    /// The license, and in a machine file the machine.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub relationships: Map<String, Value>,
}

/// A file's attributes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileAttributes {
    /// The text of the file.
    pub certificate: String,
    /// How the file is encoded and signed: `base64+ed25519` or `aes-256-gcm+ed25519`.
    pub algorithm: &'static str,
    /// The resources that were requested with `include`.
    pub includes: Vec<String>,
    /// The file's time to live, in seconds.
    pub ttl: u32,
    /// When the file was issued, RFC 3339.
    pub issued: String,
    /// When the file expires, RFC 3339.
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

/// A relationship to many resources: a link and a count, but no list, because clients reject one.
pub fn to_many(related: &str, count: Option<usize>) -> Value {
    match count {
        Some(count) => json!({ "links": { "related": related }, "meta": { "count": count } }),
        None => json!({ "links": { "related": related } }),
    }
}

/// An optional instant as RFC 3339.
pub fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}
