//! Request bodies. Unknown members are ignored, because existing clients send more than the server reads.
//! Known members must have the right type.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Number, Value};

use crate::object::JsonObject;

/// The body of a validation request. Without `key` if the path contains the license's id.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validate {
    /// The parameters of the request.
    #[cfg_attr(feature = "openapi", schema(value_type = ValidateMeta))]
    #[serde(default)]
    pub meta: JsonObject<ValidateMeta>,
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

/// The body of a validation by key. It is read as [`Validate`], so that the error for a missing key is the server's.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidateKey {
    /// The parameters of the request.
    #[cfg_attr(feature = "openapi", schema(value_type = ValidateKeyMeta))]
    pub meta: JsonObject<ValidateKeyMeta>,
}

/// The key to validate, and for which use.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidateKeyMeta {
    /// The license key to validate.
    pub key: String,
    /// The scope. The response repeats it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Scope>))]
    pub scope: Option<Map<String, Value>>,
    /// An integer of at most 64 bits. The response repeats it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    #[serde(default, deserialize_with = "exact")]
    pub nonce: Option<Number>,
}

/// Rejects numbers that would not be repeated exactly: fractions, and integers of more than 64 bits. Whole numbers may be
/// written as `42.0`.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    let number: Option<Number> = Option::deserialize(deserializer)?;
    match number {
        Some(number) if number.is_f64() && !is_whole(number.as_f64()) => {
            Err(D::Error::custom("must be an integer of at most 64 bits"))
        }
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
    /// The fingerprints of machines, as many of which must be active as the policy says: by default any of them.
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
    #[cfg_attr(feature = "openapi", schema(value_type = ActivateData))]
    pub data: JsonObject<ActivateData>,
}

/// A machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateData {
    /// `machines`, if sent.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Not supported: the server chooses the id. Activation is rejected unless it is missing, null or empty.
    pub id: Option<String>,
    /// Facts about the machine.
    #[cfg_attr(feature = "openapi", schema(value_type = ActivateAttributes))]
    pub attributes: JsonObject<ActivateAttributes>,
    /// Related resources.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ActivateRelationships>))]
    pub relationships: Option<JsonObject<ActivateRelationships>>,
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
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, maximum = 2_147_483_647))]
    #[serde(default, deserialize_with = "whole")]
    pub cores: Option<u32>,
    /// The size of the memory, in bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64))]
    #[serde(default, deserialize_with = "whole")]
    pub memory: Option<u64>,
    /// The size of the disk, in bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64))]
    #[serde(default, deserialize_with = "whole")]
    pub disk: Option<u64>,
    /// The machine's IP address, as the app reports it.
    pub ip: Option<String>,
    /// Data to attach. `appVersion` is shown in the portal.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
}

/// Resources related to a machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateRelationships {
    /// The license to activate. The default is that of the credential.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ToOne>))]
    pub license: Option<JsonObject<ToOne>>,
    /// The machine's components, at most 64.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ActivateComponents>))]
    pub components: Option<Value>,
}

/// The components of a machine to activate. A list without `data` is accepted as well, and in both a component may be under a
/// `data` of its own.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateComponents {
    /// The components.
    pub data: Option<Vec<ActivateComponent>>,
}

/// A component of a machine to activate.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateComponent {
    /// Facts about the component.
    pub attributes: ActivateComponentAttributes,
}

/// Facts about a component.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivateComponentAttributes {
    /// The fingerprint by which the app identifies the component. Required.
    pub fingerprint: Option<String>,
    /// A label for display.
    pub name: Option<String>,
    /// Data to attach.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
}

/// A relationship to one resource.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToOne {
    /// The related resource.
    #[cfg_attr(feature = "openapi", schema(value_type = Identifier))]
    pub data: JsonObject<Identifier>,
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
    #[cfg_attr(feature = "openapi", schema(value_type = IncrementMeta))]
    #[serde(default)]
    pub meta: JsonObject<IncrementMeta>,
}

/// The size of a usage increment.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncrementMeta {
    /// The number of uses to add, at least 1.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1, maximum = 2_147_483_647))]
    #[serde(default, deserialize_with = "whole")]
    pub increment: Option<u32>,
}

/// The body of a check-out of a license file. Parameters in the query take precedence.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckOut {
    /// The parameters of the request.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CheckOutMeta>))]
    pub meta: Option<Map<String, Value>>,
}

/// The parameters of a check-out of a license file. Texts in the form of the query are accepted as well.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckOutMeta {
    /// How long the file is valid, in seconds. Null for the longest time that clients accept.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 3_600))]
    pub ttl: Option<Value>,
    /// Whether the file is encrypted. Not together with `algorithm`.
    pub encrypt: Option<bool>,
    /// `base64+ed25519` or `aes-256-gcm+ed25519`.
    pub algorithm: Option<String>,
    /// What the file includes.
    pub include: Option<Vec<String>>,
}

/// The body of a check-out of a machine file. It is read as [`CheckOut`]; only what a file may include differs.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckOutMachine {
    /// The parameters of the request.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CheckOutMachineMeta>))]
    pub meta: Option<Map<String, Value>>,
}

/// The parameters of a check-out of a machine file. Texts in the form of the query are accepted as well.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckOutMachineMeta {
    /// How long the file is valid, in seconds. Null for the longest time that clients accept.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 3_600))]
    pub ttl: Option<Value>,
    /// Whether the file is encrypted. Not together with `algorithm`.
    pub encrypt: Option<bool>,
    /// `base64+ed25519` or `aes-256-gcm+ed25519`.
    pub algorithm: Option<String>,
    /// What the file includes. The license always is.
    pub include: Option<Vec<String>>,
}

/// The body of a change to a machine.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeMachine {
    /// The machine's new data.
    #[cfg_attr(feature = "openapi", schema(value_type = ChangeMachineData))]
    pub data: JsonObject<ChangeMachineData>,
}

/// New data of a machine.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeMachineData {
    /// `machines`, if sent.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The id or fingerprint of the machine in the path, if sent.
    pub id: Option<String>,
    /// What changes.
    #[cfg_attr(feature = "openapi", schema(value_type = ChangeMachineAttributes))]
    #[serde(default)]
    pub attributes: JsonObject<ChangeMachineAttributes>,
}

/// The attributes of a machine that an app can change. Attributes that are not sent remain.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeMachineAttributes {
    /// A label for display. Null removes it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, deserialize_with = "given")]
    pub name: Option<Option<String>>,
    /// All others are set by the activation: they are accepted only with their present values.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Distinguishes null, which removes a value, from a member that is not sent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a whole number, also as languages without integers write it: `8.0`.
fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let value = whole_number(&number).and_then(|value| T::try_from(value).ok());
    value.map(Some).ok_or_else(|| D::Error::custom("must be a whole number that is not negative and not too large"))
}

/// The largest number up to which a double represents every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number that is whole and not negative, written as `8` or `8.0`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and within the bounds")]
pub fn whole_number(number: &Number) -> Option<u64> {
    let float = number.as_f64().filter(|value| *value >= 0.0 && is_whole(Some(*value)));
    number.as_u64().or(float.map(|value| value as u64))
}

fn is_whole(value: Option<f64>) -> bool {
    value.is_some_and(|value| value.abs() <= EXACT && value.fract() == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_either_form() {
        let read = |text: &str| serde_json::from_str::<IncrementMeta>(text).map(|meta| meta.increment).ok();
        for (text, value) in [
            (r#"{"increment":8}"#, Some(Some(8))),
            (r#"{"increment":8.0}"#, Some(Some(8))),
            (r#"{"increment":8e0}"#, Some(Some(8))),
            (r#"{"increment":null}"#, Some(None)),
            ("{}", Some(None)),
            (r#"{"increment":8.5}"#, None),
            (r#"{"increment":-1}"#, None),
            (r#"{"increment":-1.0}"#, None),
            (r#"{"increment":4294967296}"#, None),
            (r#"{"increment":4294967296.0}"#, None),
            (r#"{"increment":1e300}"#, None),
            (r#"{"increment":"8"}"#, None),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
    }

    /// A member that is an array would otherwise be read by position.
    #[test]
    fn no_object_is_read_from_an_array() {
        assert!(serde_json::from_str::<IncrementUsage>(r#"{"meta":[3]}"#).is_err());
        assert!(serde_json::from_str::<JsonObject<IncrementUsage>>(r#"[{"increment":5}]"#).is_err());
        assert!(serde_json::from_str::<JsonObject<IncrementUsage>>("[]").is_err());
        let read = serde_json::from_str::<JsonObject<IncrementUsage>>(r#"{"meta":{"increment":5}}"#);
        assert_eq!(read.ok().and_then(|body| body.meta.increment), Some(5));
    }

    #[test]
    fn null_differs_from_a_member_that_is_missing() {
        let read = |text: &str| serde_json::from_str::<ChangeMachineAttributes>(text).map(|change| change.name).ok();
        assert_eq!(read("{}"), Some(None));
        assert_eq!(read(r#"{"name":null}"#), Some(Some(None)));
        assert_eq!(read(r#"{"name":"Desk"}"#), Some(Some(Some("Desk".to_owned()))));
    }
}
