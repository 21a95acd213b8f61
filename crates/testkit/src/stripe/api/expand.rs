//! `expand[]`: ids are replaced by their objects.

use serde_json::{Value, json};

use crate::stripe::{
    state::State,
    wire::{
        fields::{int, text},
        refusal::Refusal,
    },
};

pub(super) fn all(state: &State, value: &mut Value, paths: &[String]) -> Result<(), Refusal> {
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        expand(state, value, &parts, path)?;
    }
    Ok(())
}

fn expand(state: &State, value: &mut Value, parts: &[&str], path: &str) -> Result<(), Refusal> {
    if let Value::Array(elements) = value {
        return elements.iter_mut().try_for_each(|element| expand(state, element, parts, path));
    }
    let Some((name, rest)) = parts.split_first() else { return Ok(()) };
    if value.is_null() {
        return Ok(());
    }
    if let Some(included) = included(state, value, name) {
        value[*name] = included;
    }
    let Some(field) = value.get_mut(*name) else {
        return Err(Refusal::request(None, format!("This property cannot be expanded ({path}).")).about("expand"));
    };
    if let Some(object) = field.as_str().and_then(|id| state.objects.any(id)) {
        *field = object.clone();
    }
    expand(state, field, rest, path)
}

/// Lists that objects contain only on request.
fn included(state: &State, object: &Value, name: &str) -> Option<Value> {
    let id = text(object, "id");
    let (all, url): (Vec<Value>, String) = match (text(object, "object"), name) {
        ("checkout.session", "line_items") => (state.line_items(id), format!("/v1/checkout/sessions/{id}/line_items")),
        ("charge", "refunds") => (of(state, "refund", "charge", id), format!("/v1/charges/{id}/refunds")),
        ("customer", "subscriptions") => {
            (of(state, "subscription", "customer", id), format!("/v1/customers/{id}/subscriptions"))
        }
        ("customer", "tax_ids") => (of(state, "tax_id", "customer", id), format!("/v1/customers/{id}/tax_ids")),
        ("invoice", "payments") => {
            (of(state, "invoice_payment", "invoice", id), format!("/v1/invoice_payments?invoice={id}"))
        }
        _ => return None,
    };
    let data: Vec<&Value> = all.iter().take(10).collect();
    Some(json!({ "object": "list", "data": data, "has_more": all.len() > 10, "url": url }))
}

/// Objects that refer to another one, newest first. Their order follows from their time of creation.
fn of(state: &State, kind: &str, name: &str, id: &str) -> Vec<Value> {
    let mut found: Vec<Value> = state.objects.newest(kind).filter(|o| text(o, name) == id).cloned().collect();
    found.sort_by_key(|object| -int(object, "created"));
    found
}
