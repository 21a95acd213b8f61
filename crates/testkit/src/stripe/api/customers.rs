//! `/v1/customers` and their tax ids.

use serde_json::{Map, Value};

use super::{
    Answered, Call,
    list::{list, list_where},
};
use crate::stripe::{
    state::State,
    wire::{fields::text, params::Params, refusal::Refusal},
};

const KNOWN: &[&str] =
    &["address.*", "description", "email", "metadata.*", "name", "phone", "preferred_locales.#", "tax_exempt"];

pub(super) fn route(state: &mut State, area: &str, call: &Call) -> Option<Answered> {
    let params = call.params;
    Some(match (area, call.method, call.path) {
        ("customers", "POST", []) => create(state, params),
        ("customers", "GET", []) => list(state, "customer", "/v1/customers", params, &["email"]),
        ("customers", "GET", [id]) => state.get("customer", id),
        ("customers", "POST", [id]) => update(state, id, params),
        ("customers", "DELETE", [id]) => state.delete_customer(id),
        ("customers", "POST", [id, "tax_ids"]) => create_tax_id(state, id, params),
        ("customers", "GET", [id, "tax_ids"]) => {
            let url = format!("/v1/customers/{id}/tax_ids");
            list_where(state, "tax_id", &url, params, &[], |one| text(one, "customer") == *id)
        }
        ("tax_ids", "GET", [id]) => state.get("tax_id", id),
        _ => return None,
    })
}

fn given(state: &State, id: Option<&str>, params: &Params) -> Answered {
    params.only(KNOWN)?;
    let mut fields = Map::new();
    for name in ["description", "email", "name", "phone", "tax_exempt"] {
        if params.has(name) {
            fields.insert(name.to_owned(), params.text(name).into());
        }
    }
    if params.text("email").is_some_and(|email| !email.contains('@')) {
        let message = format!("Invalid email address: {}", params.text("email").unwrap_or_default());
        return Err(Refusal::request(Some("email_invalid"), message).about("email"));
    }
    if params.has("address") {
        let part = |name: &str| params.text(&format!("address.{name}")).map(str::to_owned);
        let names = ["city", "country", "line1", "line2", "postal_code", "state"];
        let address: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), part(name).into())).collect();
        fields.insert("address".to_owned(), address.into());
    }
    if params.has("metadata") {
        let earlier = id.map(|id| state.objects.get(id)["metadata"].clone());
        fields.insert("metadata".to_owned(), merged(earlier, params)?);
    }
    if params.has("preferred_locales") {
        fields.insert("preferred_locales".to_owned(), params.texts("preferred_locales").into());
    }
    Ok(fields.into())
}

/// Metadata after an update: new keys are added, and empty values remove keys.
pub(super) fn merged(earlier: Option<Value>, params: &Params) -> Answered {
    let mut metadata = earlier.and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let given = params.metadata("metadata")?;
    metadata.extend(given.as_object().cloned().unwrap_or_default());
    metadata.retain(|_, value| value != "");
    Ok(metadata.into())
}

fn create(state: &mut State, params: &Params) -> Answered {
    let fields = given(state, None, params)?;
    let id = state.new_customer(fields);
    state.get("customer", &id)
}

fn update(state: &mut State, id: &str, params: &Params) -> Answered {
    state.get("customer", id)?;
    let fields = given(state, Some(id), params)?;
    state.change_and_emit("customer.updated", id, fields);
    state.get("customer", id)
}

fn create_tax_id(state: &mut State, customer: &str, params: &Params) -> Answered {
    state.get("customer", customer)?;
    params.only(&["type", "value"])?;
    let (kind, value) = (params.required("type")?, params.required("value")?);
    let id = state.new_tax_id(customer, kind, value);
    state.get("tax_id", &id)
}
