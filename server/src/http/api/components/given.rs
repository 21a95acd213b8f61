//! The components in an activation. Clients differ in how they nest them: a list, or a list under `data`, whose items
//! are resources or have them under `data`. Errors point to the item as it was sent.

use latchkey_licensing::{
    component::MAX_COMPONENTS,
    machine::{Fingerprint, MAX_FACT_BYTES, MAX_FINGERPRINT_BYTES, fact},
};
use latchkey_service::NewComponent;
use latchkey_wire::error::ErrorCode;
use serde_json::{Map, Value};

use crate::http::api::error::ApiError;

const PLACE: &str = "/data/relationships/components";

/// The components in an activation, and where they are in its body.
#[derive(Debug, Default)]
pub(crate) struct GivenComponents {
    pub(crate) components: Vec<NewComponent>,
    places: Vec<String>,
}

impl GivenComponents {
    /// Parses the relationship's value.
    pub(crate) fn read(given: Option<&Value>) -> Result<Self, ApiError> {
        let (items, place) = match given {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Array(items)) => (items.as_slice(), PLACE.to_owned()),
            Some(Value::Object(relationship)) => match relationship.get("data") {
                None | Some(Value::Null) => return Ok(Self::default()),
                Some(Value::Array(items)) => (items.as_slice(), format!("{PLACE}/data")),
                Some(_) => return Err(malformed("data must be a list of components", format!("{PLACE}/data"))),
            },
            Some(_) => return Err(malformed("components must be a list under data", PLACE.to_owned())),
        };
        if items.len() > MAX_COMPONENTS {
            let detail = format!("A machine can have at most {MAX_COMPONENTS} components.");
            return Err(ApiError::new(ErrorCode::AttributeInvalid, detail).at(place));
        }
        let mut read = Self::default();
        for (position, item) in items.iter().enumerate() {
            let mut place = format!("{place}/{position}");
            let resource = match item.get("data") {
                Some(inner) => {
                    place.push_str("/data");
                    inner
                }
                None => item,
            };
            let Some(Value::Object(attributes)) = resource.get("attributes") else {
                return Err(malformed("a component must have attributes", place));
            };
            place.push_str("/attributes");
            read.components.push(component(attributes, &place)?);
            read.places.push(format!("{place}/fingerprint"));
        }
        Ok(read)
    }

    /// Where the fingerprint of the component at this position is.
    pub(crate) fn place(&self, position: usize) -> String {
        self.places.get(position).cloned().unwrap_or_else(|| PLACE.to_owned())
    }
}

fn malformed(why: &str, place: String) -> ApiError {
    ApiError::new(ErrorCode::DocumentInvalid, format!("The body is invalid: {why}.")).at(place)
}

fn component(attributes: &Map<String, Value>, place: &str) -> Result<NewComponent, ApiError> {
    let text = |name: &str| match attributes.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(malformed(&format!("{name} must be a string"), format!("{place}/{name}"))),
    };
    let fingerprint = text("fingerprint")?;
    let at = format!("{place}/fingerprint");
    if fingerprint.is_empty() {
        return Err(ApiError::new(ErrorCode::FingerprintMissing, "A component must have a fingerprint.").at(at));
    }
    let fingerprint = Fingerprint::parse(fingerprint).ok_or_else(|| {
        let detail =
            format!("A fingerprint must have at most {MAX_FINGERPRINT_BYTES} bytes and no control characters.");
        ApiError::new(ErrorCode::FingerprintInvalid, detail).at(at)
    })?;
    let name = text("name")?;
    if !name.is_empty() && fact(name).is_none() {
        let detail = format!("name must have at most {MAX_FACT_BYTES} bytes and no control characters.");
        return Err(ApiError::new(ErrorCode::AttributeInvalid, detail).at(format!("{place}/name")));
    }
    let metadata = match attributes.get("metadata") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(metadata @ Value::Object(_)) => metadata.to_string(),
        Some(_) => return Err(malformed("metadata must be an object", format!("{place}/metadata"))),
    };
    Ok(NewComponent { fingerprint, name: name.to_owned(), metadata })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(given: &Value) -> Vec<(String, String)> {
        let read = GivenComponents::read(Some(given)).expect("read");
        let pair = |(position, component): (usize, &NewComponent)| {
            (component.fingerprint.as_str().to_owned(), read.place(position))
        };
        read.components.iter().enumerate().map(pair).collect()
    }

    #[test]
    fn every_nesting_is_read() {
        let item = json!({ "type": "components", "attributes": { "fingerprint": "a", "name": "BOARD" } });
        let wrapped = json!({ "data": item });
        for (given, place) in [
            (json!({ "data": [item] }), "/data/relationships/components/data/0/attributes/fingerprint"),
            (json!({ "data": [wrapped] }), "/data/relationships/components/data/0/data/attributes/fingerprint"),
            (json!([item]), "/data/relationships/components/0/attributes/fingerprint"),
            (json!([wrapped]), "/data/relationships/components/0/data/attributes/fingerprint"),
        ] {
            assert_eq!(names(&given), [("a".to_owned(), place.to_owned())], "{given}");
        }
        for none in [json!(null), json!({}), json!({ "data": null }), json!({ "data": [] }), json!([])] {
            assert_eq!(names(&none), [], "{none}");
        }
    }

    #[test]
    fn bad_components_are_rejected() {
        let with = |attributes: Value| json!({ "data": [{ "attributes": attributes }] });
        let many: Vec<Value> =
            (0..=MAX_COMPONENTS).map(|n| json!({ "attributes": { "fingerprint": n.to_string() } })).collect();
        for (given, status) in [
            (json!("x"), 400),
            (json!({ "data": "x" }), 400),
            (json!({ "data": ["x"] }), 400),
            (json!({ "data": [{}] }), 400),
            (with(json!({ "fingerprint": 7 })), 400),
            (with(json!({ "fingerprint": "a", "name": 7 })), 400),
            (with(json!({ "fingerprint": "a", "metadata": "x" })), 400),
            (with(json!({})), 422),
            (with(json!({ "fingerprint": "" })), 422),
            (with(json!({ "fingerprint": "a\nb" })), 422),
            (with(json!({ "fingerprint": "a", "name": "x".repeat(MAX_FACT_BYTES + 1) })), 422),
            (json!({ "data": many }), 422),
            (json!({ "data": many[1..] }), 200),
        ] {
            let read = GivenComponents::read(Some(&given)).map_err(|error| error.status().as_u16());
            assert_eq!(read.map(|_| ()), if status == 200 { Ok(()) } else { Err(status) }, "{given}");
        }
    }
}
