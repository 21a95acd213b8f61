//! What the route macros cannot express: bounds, patterns and the words that a value may be. A client generated from the
//! description, and a program that tests the server by it, can rely on them.

use latchkey_licensing::{
    certificate::FileAlgorithm,
    component::MAX_COMPONENTS,
    license::LicenseStatus,
    machine::{HeartbeatStatus, MAX_FACT_BYTES, MAX_FINGERPRINT_BYTES, MAX_SIZE_BYTES},
    policy::{ExpiryStrategy, KeyScheme, MIN_FILE_TTL, OverageStrategy},
    release::{Arch, Channel, MAX_VERSION_LENGTH, Platform},
    validation::ValidationCode,
};
use latchkey_wire::error::ErrorCode;
use serde_json::{Map, Value, json};

use crate::http::api::{
    check_out::MAX_TTL,
    documents::{dataset::include_names, paging::MAX_NUMBER},
    machines, processes,
    updates::tauri::BUNDLES,
};

/// What follows the numbers of a version (Semantic Versioning 2.0.0).
const PRE_RELEASE: &str =
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?";
const BUILD: &str = r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?";

/// A version as apps report it, whose numbers fit into 32 bits.
fn version() -> Value {
    let number = "(0|[1-9][0-9]{0,8})";
    let space = r"[ \t\n\f\r]*";
    let pattern = format!(r"^{space}[vV]?{number}(\.{number}){{0,2}}{PRE_RELEASE}{BUILD}{space}$");
    json!({ "pattern": pattern, "maxLength": MAX_VERSION_LENGTH })
}

/// Comparisons, such as `>=1.4, <3`, or a wildcard.
fn constraint() -> Value {
    let number = "(0|[1-9][0-9]{0,18})";
    let any = "[*xX]";
    let patch = format!(r"(\.({any}|{number}{PRE_RELEASE}{BUILD}))?");
    let minor = format!(r"(\.({any}(\.{any})?|{number}{patch}))?");
    let comparison = format!(r"(=|>|>=|<|<=|~|\^)? *{number}{minor} *");
    json!({ "pattern": format!("^( *({any} *|{comparison}(, *{comparison})*))?$"), "maxLength": MAX_VERSION_LENGTH })
}

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
    let fingerprint =
        json!({ "type": "string", "minLength": 1, "maxLength": MAX_FINGERPRINT_BYTES, "pattern": PRINTABLE });
    // No format has all of its values.
    let nonce = json!({ "format": null, "minimum": i64::MIN, "maximum": u64::MAX });
    let scheme = json!({ "enum": [KeyScheme::Ed25519Sign.as_str(), null] });
    vec![
        ("ValidateMeta/properties/nonce", nonce.clone()),
        ("ValidateKeyMeta/properties/nonce", nonce),
        ("ValidateKeyMeta/properties/key", json!({ "minLength": 1 })),
        ("ActivateData/properties/type", kind(machines::TYPE)),
        ("ActivateData/properties/id", json!({ "maxLength": 0 })),
        ("ActivateAttributes/properties/fingerprint", fingerprint.clone()),
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
        ("ActivateRelationships/properties/components", components()),
        ("ActivateComponents/properties/data", component_list(&json!(["array", "null"]))),
        ("ActivateComponentAttributes/properties/fingerprint", fingerprint),
        ("ActivateComponentAttributes/properties/name", fact.clone()),
        ("ActivateComponentAttributes", json!({ "required": ["fingerprint"] })),
        ("ChangeMachineData/properties/type", kind(machines::TYPE)),
        ("SpawnData/properties/type", kind(processes::TYPE)),
        ("SpawnData", json!({ "required": ["attributes", "relationships"] })),
        (
            "SpawnData/properties/relationships",
            json!({ "oneOf": [{ "$ref": "#/components/schemas/SpawnRelationships" }] }),
        ),
        (
            "SpawnAttributes/properties/pid",
            json!({
                "title": "Pid",
                "type": ["string", "integer"],
                "minLength": 1,
                "maxLength": MAX_FACT_BYTES,
                "pattern": ONE_LINE,
                "minimum": 0,
                "maximum": u64::MAX,
            }),
        ),
        ("SpawnAttributes", json!({ "required": ["pid"] })),
        ("SpawnRelationships", json!({ "required": ["machine"] })),
        ("SpawnRelationships/properties/machine", json!({ "oneOf": [{ "$ref": "#/components/schemas/ToOne" }] })),
        ("ChangeMachineAttributes/properties/name", fact),
        // Others are accepted only with the values that they have, which a description cannot say.
        ("ChangeMachineAttributes", json!({ "additionalProperties": false })),
        ("CheckOutMeta/properties/ttl", ttl()),
        ("CheckOutMeta/properties/encrypt", encrypt()),
        ("CheckOutMeta/properties/algorithm", algorithm()),
        ("CheckOutMeta/properties/include", includes_in_body(true)),
        ("CheckOutMachineMeta/properties/ttl", ttl()),
        ("CheckOutMachineMeta/properties/encrypt", encrypt()),
        ("CheckOutMachineMeta/properties/algorithm", algorithm()),
        ("CheckOutMachineMeta/properties/include", includes_in_body(false)),
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

/// Components in the forms in which clients nest them.
fn components() -> Value {
    let relationship = json!({ "$ref": "#/components/schemas/ActivateComponents" });
    json!({ "oneOf": [relationship, component_list(&json!("array")), { "type": "null" }] })
}

fn component_list(kind: &Value) -> Value {
    let one = json!({ "$ref": "#/components/schemas/ActivateComponent" });
    let nested = json!({ "type": "object", "required": ["data"], "properties": { "data": one } });
    let items = json!({ "anyOf": [one, nested] });
    json!({ "type": kind, "items": items, "maxItems": MAX_COMPONENTS })
}

/// The forms in which clients send options are those of a query, also in bodies. Alternatives are written as several types
/// with bounds for each, because generators make simpler clients of those. A title is what some of them name the type.
fn ttl() -> Value {
    // A number that is at least 3600, of at most 18 digits.
    let digits = r"^(null|\+?0*(3[6-9][0-9]{2}|[4-9][0-9]{3}|[1-9][0-9]{4,17}))?$";
    json!({
        "title": "FileTtl",
        "type": ["integer", "string", "null"],
        "format": "int64",
        "minimum": MIN_FILE_TTL.as_secs(),
        "maximum": MAX_TTL,
        "pattern": digits,
    })
}

fn encrypt() -> Value {
    json!({
        "title": "FileEncryption",
        "type": ["boolean", "integer", "string", "null"],
        "minimum": 0,
        "maximum": 1,
        "pattern": "^([01]|false|null|true)?$",
    })
}

fn algorithm() -> Value {
    let names = FileAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).chain(["", "ed25519", "null"]);
    json!({ "enum": names.map(Value::from).chain([Value::Null]).collect::<Vec<_>>() })
}

/// Sets members of a schema. Null removes one.
fn merge(schema: &mut Value, refined: Value) {
    let (Some(schema), Value::Object(refined)) = (schema.as_object_mut(), refined) else {
        return;
    };
    for (name, value) in refined {
        if value.is_null() {
            schema.remove(&name);
        } else {
            schema.insert(name, value);
        }
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
            Some("release" | "version") => version(),
            Some("bundle") => one_of(none.iter().copied().chain(BUNDLES.iter().map(|(name, _)| *name))),
            Some("constraint") => constraint(),
            Some("channel") => one_of(Channel::ALL.iter().map(|channel| channel.as_str()).chain(none.iter().copied())),
            Some("os" | "target") => one_of(Platform::NAMES.iter().map(|(name, _)| *name).chain(none.iter().copied())),
            Some("arch") => one_of(Arch::NAMES.iter().map(|(name, _)| *name).chain(none.iter().copied())),
            Some("ttl") => ttl(),
            Some("encrypt") => encrypt(),
            Some("algorithm") => algorithm(),
            Some("page[cursor]") => json!({ "anyOf": [{ "format": "uuid" }, { "maxLength": 0 }] }),
            Some("page[number]") => json!({ "maximum": MAX_NUMBER }),
            Some("include") => includes(path.starts_with("/v1/licenses/")),
            _ => continue,
        };
        if let Some(schema) = parameter.get_mut("schema") {
            merge(schema, refined);
        }
    }
}

/// A comma-separated list.
fn includes(is_license: bool) -> Value {
    let names = include_names(is_license).chain(["null"]);
    let one = names.map(|name| name.replace('.', r"\.")).collect::<Vec<_>>().join("|");
    json!({ "pattern": format!("^ *(({one}) *)?(, *(({one}) *)?)*$") })
}

/// The same in a body, where it may be an array.
fn includes_in_body(is_license: bool) -> Value {
    let mut one = includes(is_license);
    merge(&mut one, json!({ "type": ["string", "null"] }));
    let mut list = json!({ "items": one });
    merge(&mut list, includes(is_license));
    merge(&mut list, json!({ "type": ["array", "string", "null"] }));
    list
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
