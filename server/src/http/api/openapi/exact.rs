//! What the route macros cannot express: bounds, patterns and the words that a value may be. A client generated from the
//! description, and a program that tests the server by it, can rely on them.

use latchkey_licensing::{
    certificate::FileAlgorithm,
    license::LicenseStatus,
    machine::{HeartbeatStatus, MAX_FACT_BYTES, MAX_FINGERPRINT_BYTES, MAX_SIZE_BYTES},
    policy::{ExpiryStrategy, KeyScheme, MIN_FILE_TTL, OverageStrategy},
    release::{Arch, Channel, MAX_VERSION_LENGTH, Platform},
    validation::ValidationCode,
};
use latchkey_wire::error::ErrorCode;
use serde_json::{Map, Value, json};

use crate::http::api::{
    documents::{dataset::include_names, paging::MAX_NUMBER},
    machines, processes,
    updates::tauri::BUNDLES,
};

/// A version (Semantic Versioning 2.0.0) whose numbers fit into 32 bits.
const VERSION: &str = r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,2}(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?";

/// A part of a constraint, such as `>=1.4`.
const COMPARISON: &str = r"(=|>|>=|<|<=|~|\^)?(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,2}";

/// Text without control characters.
const PRINTABLE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Text that also has no letter that changes how the text around it looks ([`latchkey_licensing::text`]).
const ONE_LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$";

/// Makes a description exact.
pub(super) fn refine(description: &mut Value) {
    for (pointer, refined) in schemas() {
        if let Some(schema) = description.pointer_mut(&format!("/components/schemas/{pointer}")) {
            merge(schema, refined);
        }
    }
    let schemas = description.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    schemas.into_iter().flat_map(Map::values_mut).for_each(mark_instants);
    require_key(description);
    let paths = description.get_mut("paths").and_then(Value::as_object_mut);
    for (path, methods) in paths.into_iter().flatten() {
        for operation in methods.as_object_mut().into_iter().flat_map(Map::values_mut) {
            refine_parameters(path, operation);
            mark_binary(operation);
        }
    }
}

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Value {
    one_of(all.iter().map(|one| word(*one)))
}

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "enum": words.into_iter().collect::<Vec<_>>() })
}

/// The type of a resource in a body.
fn kind([plural, singular]: [&str; 2]) -> Value {
    json!({ "enum": [plural, singular, null] })
}

/// The refinements of schemas, by their place.
fn schemas() -> Vec<(&'static str, Value)> {
    let fact = json!({ "maxLength": MAX_FACT_BYTES, "pattern": ONE_LINE });
    let nonce = json!({ "minimum": i64::MIN, "maximum": u64::MAX });
    let scheme = json!({ "enum": [KeyScheme::Ed25519Sign.as_str(), null] });
    vec![
        ("ValidateMeta/properties/nonce", nonce),
        ("ActivateData/properties/type", kind(machines::TYPE)),
        ("ActivateData/properties/id", json!({ "maxLength": 0 })),
        (
            "ActivateAttributes/properties/fingerprint",
            json!({ "type": "string", "minLength": 1, "maxLength": MAX_FINGERPRINT_BYTES, "pattern": PRINTABLE }),
        ),
        ("ActivateAttributes", json!({ "required": ["fingerprint"] })),
        ("ActivateAttributes/properties/name", fact.clone()),
        ("ActivateAttributes/properties/hostname", fact.clone()),
        ("ActivateAttributes/properties/platform", fact.clone()),
        ("ActivateAttributes/properties/memory", json!({ "maximum": MAX_SIZE_BYTES })),
        ("ActivateAttributes/properties/disk", json!({ "maximum": MAX_SIZE_BYTES })),
        (
            "ActivateAttributes/properties/ip",
            json!({ "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }, { "maxLength": 0 }, { "type": "null" }] }),
        ),
        ("ChangeMachineData/properties/type", kind(machines::TYPE)),
        ("SpawnData/properties/type", kind(processes::TYPE)),
        ("SpawnData", json!({ "required": ["attributes", "relationships"] })),
        (
            "SpawnData/properties/relationships",
            json!({ "oneOf": [{ "$ref": "#/components/schemas/SpawnRelationships" }] }),
        ),
        (
            "SpawnAttributes/properties/pid",
            json!({ "type": "string", "minLength": 1, "maxLength": MAX_FACT_BYTES, "pattern": ONE_LINE }),
        ),
        ("SpawnAttributes", json!({ "required": ["pid"] })),
        ("SpawnRelationships", json!({ "required": ["machine"] })),
        ("SpawnRelationships/properties/machine", json!({ "oneOf": [{ "$ref": "#/components/schemas/ToOne" }] })),
        ("ChangeMachineAttributes/properties/name", fact),
        ("CheckOutMeta/properties/ttl", ttl()),
        ("CheckOutMeta/properties/encrypt", encrypt()),
        ("CheckOutMeta/properties/algorithm", algorithm()),
        ("LicenseAttributes/properties/status", words(LicenseStatus::ALL, LicenseStatus::as_str)),
        ("LicenseAttributes/properties/expiryStrategy", words(ExpiryStrategy::ALL, ExpiryStrategy::as_str)),
        ("LicenseAttributes/properties/scheme", scheme),
        ("MachineAttributes/properties/heartbeatStatus", words(HeartbeatStatus::ALL, HeartbeatStatus::as_str)),
        ("PolicyAttributes/properties/expirationStrategy", words(ExpiryStrategy::ALL, ExpiryStrategy::as_str)),
        ("PolicyAttributes/properties/overageStrategy", words(OverageStrategy::ALL, OverageStrategy::wire_word)),
        ("ValidationMeta/properties/code", words(ValidationCode::ALL, ValidationCode::as_str)),
        ("ErrorObject/properties/code", words(ErrorCode::ALL, ErrorCode::as_str)),
        ("ReleaseAttributes/properties/channel", words(Channel::ALL, Channel::as_str)),
    ]
}

/// The forms in which clients send options are those of a query, also in bodies.
fn ttl() -> Value {
    let least = MIN_FILE_TTL.as_secs();
    json!({
        "type": ["integer", "string", "null"],
        "anyOf": [
            { "type": "integer", "minimum": least, "maximum": u64::MAX },
            { "type": "string", "enum": ["", "null"] },
            { "type": "null" },
        ],
    })
}

fn encrypt() -> Value {
    json!({
        "type": ["boolean", "integer", "string", "null"],
        "anyOf": [
            { "type": "boolean" },
            { "type": "integer", "enum": [0, 1] },
            { "type": "string", "enum": ["", "0", "1", "false", "null", "true"] },
            { "type": "null" },
        ],
    })
}

fn algorithm() -> Value {
    let names = FileAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).chain(["", "ed25519", "null"]);
    json!({ "enum": names.map(Value::from).chain([Value::Null]).collect::<Vec<_>>() })
}

fn merge(schema: &mut Value, refined: Value) {
    let (Some(schema), Value::Object(refined)) = (schema.as_object_mut(), refined) else {
        return;
    };
    for (name, value) in refined {
        schema.insert(name, value);
    }
}

/// Times are texts that their descriptions say are in the form of RFC 3339.
fn mark_instants(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(Map::values_mut) {
        let is_instant =
            property.get("description").and_then(Value::as_str).is_some_and(|text| text.contains("RFC 3339"));
        if is_instant && let Some(property) = property.as_object_mut() {
            property.insert("format".to_owned(), Value::from("date-time"));
        }
    }
}

/// Only one of the two validations needs a key in its body.
fn require_key(description: &mut Value) {
    let place = "/paths/~1v1~1licenses~1actions~1validate-key/post/requestBody/content";
    let content = description.pointer_mut(place).and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(Map::values_mut) {
        if let Some(schema) = media.get_mut("schema") {
            let key = json!({ "type": "string", "minLength": 1 });
            let meta = json!({ "type": "object", "required": ["key"], "properties": { "key": key } });
            let keyed = json!({ "type": "object", "required": ["meta"], "properties": { "meta": meta } });
            *schema = json!({ "allOf": [schema.take(), keyed] });
        }
    }
}

fn refine_parameters(path: &str, operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        // An empty value in a query is one that is not given.
        let none = if parameter.get("in").and_then(Value::as_str) == Some("query")
            && parameter.get("required") != Some(&Value::Bool(true))
        {
            &[""][..]
        } else {
            &[]
        };
        let refined = match parameter.get("name").and_then(Value::as_str) {
            Some("release" | "version") => {
                json!({ "pattern": format!("^{VERSION}$"), "maxLength": MAX_VERSION_LENGTH })
            }
            Some("bundle") => one_of(none.iter().copied().chain(BUNDLES.iter().map(|(name, _)| *name))),
            Some("constraint") => {
                json!({ "pattern": format!("^(\\*|{COMPARISON}(,{COMPARISON})*)?$"), "maxLength": MAX_VERSION_LENGTH })
            }
            Some("channel") => one_of(Channel::ALL.iter().map(|channel| channel.as_str()).chain(none.iter().copied())),
            Some("os" | "target") => one_of(Platform::NAMES.iter().map(|(name, _)| *name).chain(none.iter().copied())),
            Some("arch") => one_of(Arch::NAMES.iter().map(|(name, _)| *name).chain(none.iter().copied())),
            Some("ttl") => ttl(),
            Some("encrypt") => encrypt(),
            Some("algorithm") => algorithm(),
            Some("page[cursor]") => json!({ "anyOf": [{ "format": "uuid" }, { "maxLength": 0 }] }),
            Some("page[number]") => json!({ "maximum": MAX_NUMBER }),
            Some("include") => includes(path),
            _ => continue,
        };
        if let Some(schema) = parameter.get_mut("schema") {
            merge(schema, refined);
        }
    }
}

/// A comma-separated list.
fn includes(path: &str) -> Value {
    let names = include_names(path.starts_with("/v1/licenses/"));
    let one = names.chain(["null"]).map(|name| name.replace('.', r"\.")).collect::<Vec<_>>().join("|");
    json!({ "pattern": format!("^(({one})(,({one}))*)?$") })
}

/// Files are bytes.
fn mark_binary(operation: &mut Value) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(Map::values_mut) {
        if let Some(schema) = response.pointer_mut("/content/application~1octet-stream/schema") {
            *schema = json!({ "type": "string", "format": "binary" });
        }
    }
}
