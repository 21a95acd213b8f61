//! Short access to the fields of JSON objects.

use serde_json::{Map, Value};

/// A text field. Empty if it is null or missing.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number field. 0 if it is null or missing.
pub(crate) fn int(object: &Value, name: &str) -> i64 {
    object.get(name).and_then(Value::as_i64).unwrap_or_default()
}

pub(crate) fn flag(object: &Value, name: &str) -> bool {
    object.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// A text, or null if it is empty.
pub(crate) fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

pub(crate) fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}

/// Sets fields of an object. Nested objects are replaced, not merged.
pub(crate) fn overwrite(object: &mut Value, fields: Value) {
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
}

/// What an event reports as `previous_attributes`: the earlier values of the fields that changed. Nested objects
/// contain only what changed in them.
pub(crate) fn previous(before: &Value, after: &Value) -> Value {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return before.clone();
    };
    let mut changed = Map::new();
    for (name, value) in before {
        match after.get(name) {
            Some(same) if same == value => {}
            Some(new) if new.is_object() && value.is_object() => {
                changed.insert(name.clone(), previous(value, new));
            }
            _ => {
                changed.insert(name.clone(), value.clone());
            }
        }
    }
    changed.into()
}
