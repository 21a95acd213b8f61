//! `/v1/checkout/sessions`.

mod create;
mod lines;

use serde_json::Value;

use super::{
    Answered, Call,
    list::{list_where, page},
};
use crate::stripe::{
    state::State,
    wire::{fields::text, params::Params},
};

const URL: &str = "/v1/checkout/sessions";

pub(super) fn route(state: &mut State, call: &Call) -> Option<Answered> {
    let params = call.params;
    Some(match (call.method, call.path) {
        ("POST", ["sessions"]) => create::create(state, params),
        ("GET", ["sessions"]) => list(state, params),
        ("GET", ["sessions", id]) => state.get("checkout.session", id),
        ("POST", ["sessions", id]) => update(state, id, params),
        ("POST", ["sessions", id, "expire"]) => expire(state, id),
        ("GET", ["sessions", id, "line_items"]) => line_items(state, id, params),
        _ => return None,
    })
}

fn list(state: &State, params: &Params) -> Answered {
    let filters = &["payment_intent", "subscription", "customer", "status", "customer_details.email"];
    let email = params.text("customer_details.email").map(str::to_lowercase);
    list_where(state, "checkout.session", URL, params, filters, |session| {
        email.as_ref().is_none_or(|email| text(&session["customer_details"], "email").to_lowercase() == *email)
    })
}

fn update(state: &mut State, id: &str, params: &Params) -> Answered {
    state.get("checkout.session", id)?;
    params.only(&["metadata.*"])?;
    let metadata = params.metadata("metadata")?;
    if let (Some(known), Value::Object(new)) = (state.objects.get_mut(id)["metadata"].as_object_mut(), metadata) {
        known.extend(new);
    }
    state.get("checkout.session", id)
}

fn expire(state: &mut State, id: &str) -> Answered {
    state.expire(id)?;
    state.get("checkout.session", id)
}

fn line_items(state: &State, id: &str, params: &Params) -> Answered {
    state.get("checkout.session", id)?;
    params.only(&["limit", "starting_after", "ending_before"])?;
    let items = state.line_items(id);
    page(&items.iter().collect::<Vec<_>>(), &format!("{URL}/{id}/line_items"), params)
}
