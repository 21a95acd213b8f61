//! The control desk at `/`: a person plays the bank, the buyer's second thoughts, and time.

use axum::{
    extract::{Path, Query, State as Extract},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{
    html::{button, escape, form, page, problem},
    tables,
};
use crate::stripe::{control, server::App, shared::Shared, state::State};

pub(crate) async fn show(
    Extract(shared): Extract<Shared>,
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Html<String> {
    let mut state = shared.lock();
    state.catch_up();
    let mut body = problem(query.get("problem").map(String::as_str).unwrap_or_default());
    body.push_str(&clock(&state));
    body.push_str(&tables::sessions(&state));
    body.push_str(&tables::payments(&state));
    body.push_str(&tables::refunds(&state));
    body.push_str(&tables::disputes(&state));
    body.push_str(&tables::subscriptions(&state));
    body.push_str(&deliveries(&state));
    body.push_str(&tables::events(&state));
    page("Control desk", "", &body)
}

/// Runs a control and returns to the desk.
pub(crate) async fn submit(Extract(app): Extract<App>, Path(control): Path<String>, body: String) -> Response {
    let pairs = form_urlencoded::parse(body.as_bytes());
    let input: Map<String, Value> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
    let input = Value::from(input);
    let target = match control::run(&app, &control, &input).await {
        Ok(_) => "/".to_owned(),
        Err(refusal) => {
            let message: String = form_urlencoded::byte_serialize(refusal.message.as_bytes()).collect();
            format!("/?problem={message}")
        }
    };
    Redirect::to(&target).into_response()
}

fn clock(state: &State) -> String {
    let now = latchkey_licensing::time::Timestamp::from_unix_micros(state.clock.billing().saturating_mul(1_000_000));
    let day = 24 * 60 * 60;
    let jump = |days: i64, label| button("advance", &[("seconds", &(days * day).to_string())], label);
    format!(
        "<p class=\"notice\">API at <code>{}/v1</code>, key <code>{}</code></p><h2>Clock of subscriptions</h2><p>{}</p>{}{}{}{}",
        escape(&state.base_url),
        escape(&state.options.api_key),
        escape(&now.human()),
        button("advance", &[("seconds", "3600")], "Advance an hour"),
        jump(1, "Advance a day"),
        jump(31, "Advance a month"),
        jump(366, "Advance a year"),
    )
}

fn deliveries(state: &State) -> String {
    let hold = if state.queue.is_held {
        button("release", &[], "Deliver by itself again")
    } else {
        button("hold", &[], "Hold deliveries")
    };
    let count = "<input name=\"count\" type=\"number\" min=\"0\" value=\"1\" aria-label=\"Number of events\">";
    let seed = "<input name=\"seed\" type=\"number\" min=\"0\" value=\"1\" aria-label=\"Seed\">";
    format!(
        "<h2>Deliveries</h2><p>{} waiting{}</p>{hold}{}{}{}{}",
        state.queue.waiting().len(),
        if state.queue.is_held { ", held" } else { "" },
        button("deliver_waiting", &[], "Deliver what waits"),
        form("reorder", &[], seed, "Shuffle what waits"),
        form("lose_next", &[], count, "Lose the next events"),
        form("repeat", &[], count, "Copies of each"),
    )
}
