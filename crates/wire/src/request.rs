//! Bodies that clients send. Unknown members are ignored, as the clients in use send more than is
//! read; members that are read must have the right type.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Number, Value};

/// The body of a validation; by id, `key` stays away.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validate {
    /// Everything is in `meta`.
    #[serde(default)]
    pub meta: ValidateMeta,
}

/// What is to be validated, and for what.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidateMeta {
    /// The license key.
    pub key: Option<String>,
    /// The scope as sent, for the echo.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Scope>))]
    pub scope: Option<Map<String, Value>>,
    /// A whole number that the answer repeats.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    #[serde(default, deserialize_with = "exact")]
    pub nonce: Option<Number>,
}

/// A number that is written as it was read. A fraction, or one of more than 64 bits, would be rounded.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    let number: Option<Number> = Option::deserialize(deserializer)?;
    match number {
        Some(number) if number.is_f64() => Err(D::Error::custom("must be a whole number of at most 64 bits")),
        number => Ok(number),
    }
}

/// A validation's scope. Clients send `null` and empty texts for what they have not configured.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scope {
    /// The product's id.
    pub product: Option<String>,
    /// The policy's id.
    pub policy: Option<String>,
    /// The owner's id or address.
    pub user: Option<String>,
    /// A machine's id.
    pub machine: Option<String>,
    /// A machine's fingerprint.
    pub fingerprint: Option<String>,
    /// Several fingerprints.
    pub fingerprints: Option<Vec<String>>,
    /// Component fingerprints.
    pub components: Option<Vec<String>>,
    /// Entitlement codes.
    pub entitlements: Option<Vec<String>>,
    /// An environment.
    pub environment: Option<String>,
    /// A release's checksum.
    pub checksum: Option<String>,
    /// A release's version.
    pub version: Option<String>,
}

/// The body of an activation.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activate {
    /// The machine.
    pub data: ActivateData,
}

/// The machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateData {
    /// `machines`, where it is given.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What is told about it.
    pub attributes: ActivateAttributes,
    /// What it belongs to.
    pub relationships: Option<ActivateRelationships>,
}

/// What is told about a machine.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateAttributes {
    /// What the app identifies it by.
    pub fingerprint: Option<String>,
    /// A label.
    pub name: Option<String>,
    /// The host name.
    pub hostname: Option<String>,
    /// Operating system and architecture.
    pub platform: Option<String>,
    /// Number of processor cores.
    pub cores: Option<u32>,
    /// What the app attaches.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
}

/// What a machine belongs to.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateRelationships {
    /// Its license.
    pub license: Option<ToOne>,
    /// Its components, which this server does not keep.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub components: Option<Value>,
}

/// A relationship to one resource.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToOne {
    /// The resource.
    pub data: Identifier,
}

/// A resource's identity.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identifier {
    /// Its id.
    pub id: String,
}

/// The body of an increment; without one the counter moves by one.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncrementUsage {
    /// Everything is in `meta`.
    #[serde(default)]
    pub meta: IncrementMeta,
}

/// By how much to count.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncrementMeta {
    /// How many uses, at least one.
    pub increment: Option<u32>,
}

/// Options of a check-out that stand in a body; those of the query go before.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckOut {
    /// Everything is in `meta`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub meta: Map<String, Value>,
}
