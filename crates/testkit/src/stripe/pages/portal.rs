//! The customer portal: subscriptions and invoices of one customer.

use std::fmt::Write;

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::html::{amount, escape, page, problem};
use crate::stripe::{
    shared::Shared,
    state::State,
    wire::{
        fields::{flag, int, text},
        params::Params,
    },
};

pub(crate) async fn show(Extract(shared): Extract<Shared>, Path(secret): Path<String>) -> Response {
    let mut state = shared.lock();
    state.catch_up();
    render(&state, &secret, "")
}

/// Cancels a subscription of the customer at the end of its period, or takes this back.
pub(crate) async fn submit(Extract(shared): Extract<Shared>, Path(secret): Path<String>, body: String) -> Response {
    let params = Params::parse(body.as_bytes());
    let mut state = shared.lock();
    state.catch_up();
    let id = params.text("subscription").unwrap_or_default();
    let customer = session_of(&state, &secret).map(|session| text(session, "customer").to_owned());
    let is_own =
        state.objects.find("subscription", id).is_some_and(|one| Some(text(one, "customer")) == customer.as_deref());
    let message = if is_own {
        let is_wanted = params.text("action") == Some("cancel");
        state.cancel_at_period_end(id, is_wanted).map_or_else(|refusal| refusal.message, |()| String::new())
    } else {
        "There is no such subscription.".to_owned()
    };
    render(&state, &secret, &message)
}

fn session_of<'a>(state: &'a State, secret: &str) -> Option<&'a Value> {
    let end = format!("/p/session/{secret}");
    state.objects.newest("billing_portal.session").find(|session| text(session, "url").ends_with(&end))
}

fn render(state: &State, secret: &str, message: &str) -> Response {
    let Some(session) = session_of(state, secret) else {
        let body = problem("This link has expired.");
        return (StatusCode::NOT_FOUND, page("Customer portal", "narrow", &body)).into_response();
    };
    let customer = text(session, "customer");
    let email = state.objects.any(customer).map(|one| text(one, "email")).unwrap_or_default();
    let mut body = format!("{}<p class=\"quiet\">{}</p>", problem(message), escape(email));
    body.push_str("<h2>Subscriptions</h2><table><tbody>");
    for one in state.objects.newest("subscription").filter(|one| text(one, "customer") == customer) {
        body.push_str(&subscription(state, one));
    }
    body.push_str("</tbody></table><h2>Invoices</h2><table><tbody>");
    for one in state.objects.newest("invoice").filter(|one| text(one, "customer") == customer) {
        let total = amount(int(one, "total"), text(one, "currency"));
        let (url, number) = (escape(text(one, "hosted_invoice_url")), escape(text(one, "number")));
        let status = escape(text(one, "status"));
        write!(
            body,
            "<tr><td><a href=\"{url}\">{number}</a></td><td>{status}</td><td class=\"amount\">{total}</td></tr>"
        )
        .expect("a string");
    }
    body.push_str("</tbody></table>");
    if !text(session, "return_url").is_empty() {
        write!(body, "<p><a href=\"{}\">Return to the shop</a></p>", escape(text(session, "return_url")))
            .expect("a string");
    }
    page("Customer portal", "narrow", &body).into_response()
}

fn subscription(state: &State, one: &Value) -> String {
    let product = text(&one["items"]["data"][0]["price"], "product");
    let name = state.objects.any(product).map(|product| text(product, "name")).unwrap_or_default();
    let is_ending = flag(one, "cancel_at_period_end");
    let status = if is_ending { "ends with the period" } else { text(one, "status") };
    let (action, label) = if is_ending { ("keep", "Keep it") } else { ("cancel", "Cancel it") };
    let form = if text(one, "status") == "canceled" {
        String::new()
    } else {
        format!(
            "<form class=\"inline\" method=\"post\"><input type=\"hidden\" name=\"subscription\" value=\"{}\">\
             <button name=\"action\" value=\"{action}\">{label}</button></form>",
            escape(text(one, "id"))
        )
    };
    format!("<tr><td>{}</td><td>{}</td><td>{form}</td></tr>", escape(name), escape(status))
}
