//! The description of the API is generated from the routes and stored in the repository, so that changes are
//! visible. `cargo run -p latchkey -- openapi > docs/openapi.json` updates it.

use std::{fs, path::Path};

use latchkey_server::http::api;
use latchkey_wire::error::ErrorCode;
use serde_json::Value;

fn described() -> Value {
    serde_json::from_str(&api::description_text()).expect("JSON")
}

#[test]
fn the_stored_description_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let stored = fs::read_to_string(path).expect("docs/openapi.json exists");
    assert!(
        stored.trim_end() == api::description_text(),
        "the API changed: `cargo run -p latchkey -- openapi > docs/openapi.json` updates its description"
    );
}

#[test]
fn every_operation_describes_its_purpose_and_errors() {
    let described = described();
    assert!(described["components"]["schemas"]["ErrorDocument"].is_object());
    let mut seen = Vec::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            seen.push(operation["operationId"].as_str().expect("an id").to_owned());
            assert!(operation["responses"]["429"].is_object(), "{name}");
            assert!(operation["responses"]["default"].is_object(), "{name}");
            let needs_key = operation["security"].is_array();
            assert_eq!(needs_key, operation["responses"]["401"].is_object(), "{name}");
        }
    }
    seen.sort();
    let count = seen.len();
    seen.dedup();
    assert_eq!((seen.len(), count), (41, 41));
}

/// Every error code is described.
#[test]
fn every_code_is_described() {
    let text = api::description_text();
    for code in ErrorCode::ALL {
        assert!(text.contains(code.as_str()), "{}", code.as_str());
    }
}

/// The bounds in a schema and below it that are not those of its format.
fn bounds_beyond_their_format(schema: &Value, place: &str) -> Vec<String> {
    let most = match schema["format"].as_str() {
        Some("int32") => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let is_beyond =
        schema["format"].is_string() && schema["maximum"].as_u64().is_some_and(|max| max > most.unsigned_abs());
    let found = is_beyond.then(|| place.to_owned());
    let inner: Vec<String> = match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| bounds_beyond_their_format(member, &format!("{place}/{name}")))
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| bounds_beyond_their_format(item, place)).collect(),
        _ => Vec::new(),
    };
    found.into_iter().chain(inner).collect()
}

/// A number that a bound allows and a format forbids would be valid for some readers only.
#[test]
fn no_bound_is_beyond_its_format() {
    assert_eq!(bounds_beyond_their_format(&described(), ""), Vec::<String>::new());
}
