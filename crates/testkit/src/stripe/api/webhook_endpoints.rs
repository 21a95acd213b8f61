//! `/v1/webhook_endpoints`.

use serde_json::json;

use super::{Answered, Call, customers::merged, list::list};
use crate::stripe::{
    Endpoint,
    state::State,
    wire::{params::Params, refusal::Refusal},
};

pub(super) fn route(state: &mut State, call: &Call) -> Option<Answered> {
    let params = call.params;
    Some(match (call.method, call.path) {
        ("POST", []) => create(state, params),
        ("GET", []) => list(state, "webhook_endpoint", "/v1/webhook_endpoints", params, &[]),
        ("GET", [id]) => state.get("webhook_endpoint", id),
        ("POST", [id]) => update(state, id, params),
        ("DELETE", [id]) => delete(state, id),
        _ => return None,
    })
}

fn create(state: &mut State, params: &Params) -> Answered {
    params.only(&["api_version", "description", "enabled_events.#", "metadata.*", "url"])?;
    let url = params.required("url")?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Refusal::request(Some("url_invalid"), "Not a valid URL").about("url"));
    }
    let enabled_events = params.texts("enabled_events");
    if enabled_events.is_empty() {
        return Err(Refusal::missing("enabled_events"));
    }
    let secret = state.ids.next("whsec_", 32);
    let id = state.add_endpoint(&Endpoint { url: url.to_owned(), secret: secret.clone(), enabled_events });
    let fields = json!({
        "api_version": params.text("api_version"),
        "description": params.text("description"),
        "metadata": params.metadata("metadata")?,
    });
    state.change(&id, fields);
    let mut endpoint = state.get("webhook_endpoint", &id)?;
    // Only this answer contains the secret.
    endpoint["secret"] = secret.into();
    Ok(endpoint)
}

fn update(state: &mut State, id: &str, params: &Params) -> Answered {
    let endpoint = state.get("webhook_endpoint", id)?;
    params.only(&["description", "disabled", "enabled_events.#", "metadata.*", "url"])?;
    let mut fields = json!({});
    for name in ["description", "url"] {
        if params.has(name) {
            fields[name] = params.text(name).into();
        }
    }
    let events = params.texts("enabled_events");
    if !events.is_empty() {
        fields["enabled_events"] = events.into();
    }
    if params.has("metadata") {
        fields["metadata"] = merged(Some(endpoint["metadata"].clone()), params)?;
    }
    if let Some(is_disabled) = params.flag("disabled")? {
        fields["status"] = if is_disabled { "disabled" } else { "enabled" }.into();
    }
    state.change(id, fields);
    state.get("webhook_endpoint", id)
}

fn delete(state: &mut State, id: &str) -> Answered {
    state.get("webhook_endpoint", id)?;
    state.objects.remove("webhook_endpoint", id);
    state.secrets.remove(id);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}
