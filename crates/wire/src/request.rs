//! Request bodies. Unknown members are ignored, because existing clients send more than the server reads.
//! Known members must have the right type.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Number, Value};

/// The body of a validation request. Without `key` if the path contains the license's id.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validate {
    /// The parameters of the request.
    #[serde(default)]
    pub meta: ValidateMeta,
}

/// What to validate, and for which use.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidateMeta {
    /// The license key to validate.
    pub key: Option<String>,
    /// The scope, kept as sent because the response repeats it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Scope>))]
    pub scope: Option<Map<String, Value>>,
    /// An integer of at most 64 bits. The response repeats it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    #[serde(default, deserialize_with = "exact")]
    pub nonce: Option<Number>,
}

/// Rejects numbers that would not be repeated exactly: fractions, and integers of more than 64 bits.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    let number: Option<Number> = Option::deserialize(deserializer)?;
    match number {
        Some(number) if number.is_f64() => Err(D::Error::custom("must be an integer of at most 64 bits")),
        number => Ok(number),
    }
}

/// The scope of a validation. Clients send `null` and empty strings for values that they do not use.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scope {
    /// The product's id or code.
    pub product: Option<String>,
    /// The policy's id or code.
    pub policy: Option<String>,
    /// The owner's id or e-mail address.
    pub user: Option<String>,
    /// The id of a machine that must be active.
    pub machine: Option<String>,
    /// The fingerprint of a machine that must be active.
    pub fingerprint: Option<String>,
    /// The fingerprints of machines, all of which must be active.
    pub fingerprints: Option<Vec<String>>,
    /// The fingerprints of components. A machine must have as many of them as the policy says.
    pub components: Option<Vec<String>>,
    /// Codes of entitlements, all of which the license must have.
    pub entitlements: Option<Vec<String>>,
    /// Not supported: validation fails if set.
    pub environment: Option<String>,
    /// Not supported: validation fails if set.
    pub checksum: Option<String>,
    /// Not supported: validation fails if set.
    pub version: Option<String>,
}

/// The body of an activation request.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activate {
    /// The machine to activate.
    pub data: ActivateData,
}

/// A machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateData {
    /// `machines`, if sent.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Facts about the machine.
    pub attributes: ActivateAttributes,
    /// Related resources.
    pub relationships: Option<ActivateRelationships>,
}

/// Facts about a machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateAttributes {
    /// The fingerprint by which the app identifies the machine. Required.
    pub fingerprint: Option<String>,
    /// A label for display.
    pub name: Option<String>,
    /// The machine's host name.
    pub hostname: Option<String>,
    /// The operating system and architecture.
    pub platform: Option<String>,
    /// The number of processor cores.
    pub cores: Option<u32>,
    /// Data to attach. `appVersion` is shown in the portal.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
}

/// Resources related to a machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateRelationships {
    /// The license to activate. The default is that of the credential.
    pub license: Option<ToOne>,
    /// The machine's components, at most 64: resources under `data`, each with the attributes `fingerprint`, `name` and
    /// `metadata`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub components: Option<Value>,
}

/// A relationship to one resource.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToOne {
    /// The related resource.
    pub data: Identifier,
}

/// A reference to a resource.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identifier {
    /// The id of the resource.
    pub id: String,
}

/// The body of a usage increment. Without a body the increment is 1.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncrementUsage {
    /// The parameters of the request.
    #[serde(default)]
    pub meta: IncrementMeta,
}

/// The size of a usage increment.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncrementMeta {
    /// The number of uses to add, at least 1.
    pub increment: Option<u32>,
}

/// The body of a check-out. Parameters in the query take precedence.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckOut {
    /// The parameters of the request.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub meta: Map<String, Value>,
}
