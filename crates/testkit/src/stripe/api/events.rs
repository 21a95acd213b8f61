//! `/v1/events`: the last 30 days.

use super::{Answered, Call, list::list_where};
use crate::stripe::{
    state::State,
    wire::{
        fields::{int, set, text},
        params::Params,
        refusal::Refusal,
    },
};

const KEPT_FOR: i64 = 30 * 24 * 60 * 60;

pub(super) fn route(state: &mut State, call: &Call) -> Option<Answered> {
    Some(match (call.method, call.path) {
        ("GET", []) => list(state, call.params),
        ("GET", [id]) => retrieve(state, id),
        _ => return None,
    })
}

fn list(state: &State, params: &Params) -> Answered {
    let types = params.texts("types");
    if types.len() > 20 {
        return Err(Refusal::invalid("types", "You can specify at most 20 types."));
    }
    if params.has("type") && !types.is_empty() {
        let message = "You may only specify one of these parameters: type, types.";
        return Err(Refusal::request(None, message));
    }
    let success = params.flag("delivery_success")?;
    let since = state.now() - KEPT_FOR;
    let filters = &["delivery_success", "type", "types.#"];
    let mut answer = list_where(state, "event", "/v1/events", params, filters, |event| {
        let has_type = types.is_empty() || types.iter().any(|kind| fits(kind, text(event, "type")));
        let is_delivered = state.queue.open_of(text(event, "id")) == 0;
        int(event, "created") >= since && has_type && success.is_none_or(|success| success == is_delivered)
    })?;
    if let Some(events) = answer["data"].as_array_mut() {
        for event in events {
            let open = state.queue.open_of(text(event, "id"));
            set(event, "pending_webhooks", open);
        }
    }
    Ok(answer)
}

/// `invoice.*` stands for all types of invoices.
fn fits(wanted: &str, kind: &str) -> bool {
    wanted == kind || wanted.strip_suffix('*').is_some_and(|start| kind.starts_with(start))
}

fn retrieve(state: &State, id: &str) -> Answered {
    let mut event = state.get("event", id)?;
    if int(&event, "created") < state.now() - KEPT_FOR {
        return Err(Refusal::no_such("event", id));
    }
    let open = state.queue.open_of(id);
    set(&mut event, "pending_webhooks", open);
    Ok(event)
}
