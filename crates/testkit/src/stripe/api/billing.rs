//! Invoices, subscriptions and sessions of the customer portal.

use serde_json::{Value, json};

use super::{
    Answered, Call,
    customers::merged,
    list::{list_where, page},
};
use crate::stripe::{
    state::State,
    wire::{
        fields::{flag, text},
        params::Params,
        refusal::Refusal,
    },
};

pub(super) fn route(state: &mut State, area: &str, call: &Call) -> Option<Answered> {
    let params = call.params;
    Some(match (area, call.method, call.path) {
        ("invoices", "GET", []) => invoices(state, params),
        ("invoices", "GET", [id]) => state.get("invoice", id),
        ("invoices", "GET", [id, "lines"]) => {
            let lines = state.invoice_lines.get(*id).map(|lines| lines.iter().collect::<Vec<_>>());
            let lines = lines.ok_or_else(|| Refusal::no_such("invoice", id));
            lines.and_then(|lines| page(&lines, &format!("/v1/invoices/{id}/lines"), params))
        }
        ("invoice_payments", "GET", []) => invoice_payments(state, params),
        ("invoice_payments", "GET", [id]) => state.get("invoice_payment", id),
        ("subscriptions", "GET", []) => subscriptions(state, params),
        ("subscriptions", "GET", [id]) => state.get("subscription", id),
        ("subscriptions", "POST", [id]) => update(state, id, params),
        ("subscriptions", "POST", [id, "resume"]) => state.resume(id).and_then(|()| state.get("subscription", id)),
        ("subscriptions", "DELETE", [id]) => state.cancel_subscription(id).and_then(|()| state.get("subscription", id)),
        ("billing_portal", "POST", ["sessions"]) => open_portal(state, params),
        _ => return None,
    })
}

fn invoices(state: &State, params: &Params) -> Answered {
    let wanted = params.text("subscription");
    let filters = &["customer", "status", "collection_method", "subscription"];
    // The filter is answered from `parent`: the field of this name is empty.
    list_where(state, "invoice", "/v1/invoices", &without(params, "subscription"), filters, |invoice| {
        wanted.is_none_or(|id| invoice["parent"]["subscription_details"]["subscription"] == id)
    })
}

fn invoice_payments(state: &State, params: &Params) -> Answered {
    let intent = params.text("payment.payment_intent");
    if intent.is_some() && params.text("payment.type").is_none() {
        return Err(Refusal::missing("payment[type]"));
    }
    let filters = &["invoice", "status", "payment.type", "payment.payment_intent"];
    list_where(state, "invoice_payment", "/v1/invoice_payments", params, filters, |one| {
        intent.is_none_or(|intent| one["payment"]["payment_intent"] == intent)
    })
}

/// Canceled subscriptions are listed only on request.
fn subscriptions(state: &State, params: &Params) -> Answered {
    let status = params.text("status");
    let price = params.text("price");
    let filters = &["customer", "status", "price"];
    let params = without(params, "status");
    list_where(state, "subscription", "/v1/subscriptions", &params, filters, |one| {
        let current = text(one, "status");
        let has_status = match status {
            None => current != "canceled",
            Some("all") => true,
            Some("ended") => ["canceled", "incomplete_expired"].contains(&current),
            Some(status) => current == status,
        };
        let items = one["items"]["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        has_status && price.is_none_or(|price| items.iter().any(|item| item["price"]["id"] == price))
    })
}

fn without(params: &Params, name: &str) -> Params {
    let mut params = params.clone();
    params.remove(name);
    params
}

fn update(state: &mut State, id: &str, params: &Params) -> Answered {
    params.only(&[
        "cancel_at_period_end",
        "cancellation_details.comment",
        "cancellation_details.feedback",
        "default_payment_method",
        "description",
        "metadata.*",
        "pause_collection",
        "pause_collection.behavior",
        "pause_collection.resumes_at",
    ])?;
    let subscription = state.living(id)?;
    if let Some(is_wanted) = params.flag("cancel_at_period_end")?
        && is_wanted != flag(&subscription, "cancel_at_period_end")
    {
        state.cancel_at_period_end(id, is_wanted)?;
    }
    if params.has("pause_collection") {
        let pause = match params.text("pause_collection.behavior") {
            None => Value::Null,
            Some(behavior @ ("keep_as_draft" | "mark_uncollectible" | "void")) => {
                json!({ "behavior": behavior, "resumes_at": params.int("pause_collection.resumes_at")? })
            }
            Some(_) => {
                let message = "Invalid behavior: must be one of keep_as_draft, mark_uncollectible, or void";
                return Err(Refusal::invalid("pause_collection[behavior]", message));
            }
        };
        state.set_pause_collection(id, pause)?;
    }
    if params.has("metadata") {
        let metadata = merged(Some(subscription["metadata"].clone()), params)?;
        state.change_and_emit("customer.subscription.updated", id, json!({ "metadata": metadata }));
    }
    state.get("subscription", id)
}

fn open_portal(state: &mut State, params: &Params) -> Answered {
    params.only(&["configuration", "customer", "flow_data.type", "locale", "return_url"])?;
    let customer = params.required("customer")?;
    state.get("customer", customer).map_err(|_| Refusal::no_such_in("customer", customer, "customer"))?;
    let id = state.new_id("bps_");
    let secret = state.ids.next("test_", 40);
    let url = format!("{}/p/session/{secret}", state.base_url);
    let fields = json!({
        "configuration": params.text("configuration").unwrap_or("bpc_1DoubleDoubleDouble"),
        "customer": customer,
        "livemode": state.options.is_live,
        "locale": params.text("locale"),
        "return_url": params.text("return_url"),
        "url": url,
    });
    state.create("billing_portal.session", id.clone(), fields);
    state.get("billing_portal.session", &id)
}
