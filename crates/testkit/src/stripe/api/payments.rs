//! Payment intents, charges, refunds, disputes and early fraud warnings.

use serde_json::Value;

use super::{Answered, Call, customers::merged, list::list};
use crate::stripe::{
    life::RefundOf,
    state::State,
    wire::{params::Params, refusal::Refusal},
};

pub(super) fn route(state: &mut State, area: &str, call: &Call) -> Option<Answered> {
    let params = call.params;
    Some(match (area, call.method, call.path) {
        ("payment_intents", "GET", []) => list(state, "payment_intent", "/v1/payment_intents", params, &["customer"]),
        ("payment_intents", "GET", [id]) => state.get("payment_intent", id),
        ("payment_intents", "POST", [id, "cancel"]) => {
            let reason = params.text("cancellation_reason").unwrap_or("requested_by_customer");
            state.cancel_intent(id, reason).and_then(|()| state.get("payment_intent", id))
        }
        ("charges", "GET", []) => list(state, "charge", "/v1/charges", params, &["payment_intent", "customer"]),
        ("charges", "GET", [id]) => state.get("charge", id),
        ("payment_methods", "GET", [id]) => state.get("payment_method", id),
        ("balance_transactions", "GET", [id]) => state.get("balance_transaction", id),
        ("refunds", "POST", []) => refund(state, params),
        ("refunds", "GET", []) => list(state, "refund", "/v1/refunds", params, &["payment_intent", "charge"]),
        ("refunds", "GET", [id]) => state.get("refund", id),
        ("refunds", "POST", [id]) => update(state, "refund", id, "refund.updated", params),
        ("refunds", "POST", [id, "cancel"]) => state.cancel_refund(id).and_then(|()| state.get("refund", id)),
        ("disputes", "GET", []) => list(state, "dispute", "/v1/disputes", params, &["payment_intent", "charge"]),
        ("disputes", "GET", [id]) => state.get("dispute", id),
        ("radar", "GET", ["early_fraud_warnings"]) => {
            let url = "/v1/radar/early_fraud_warnings";
            list(state, "radar.early_fraud_warning", url, params, &["payment_intent", "charge"])
        }
        ("radar", "GET", ["early_fraud_warnings", id]) => state.get("radar.early_fraud_warning", id),
        _ => return None,
    })
}

fn refund(state: &mut State, params: &Params) -> Answered {
    params.only(&["amount", "charge", "metadata.*", "payment_intent", "reason"])?;
    let Some(payment) = params.text("payment_intent").or(params.text("charge")) else {
        let message = "One of the following params should be provided for this request: payment_intent or charge.";
        return Err(Refusal::request(Some("parameter_missing"), message));
    };
    let reason = params.text("reason");
    if reason.is_some_and(|reason| !["duplicate", "fraudulent", "requested_by_customer"].contains(&reason)) {
        let message = "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer";
        return Err(Refusal::invalid("reason", message));
    }
    let id = state.refund(RefundOf {
        payment: payment.to_owned(),
        amount: params.int("amount")?,
        reason: reason.map(str::to_owned),
        metadata: params.metadata("metadata")?,
        is_pending: false,
    })?;
    state.get("refund", &id)
}

/// Changes the metadata of an object.
pub(super) fn update(state: &mut State, kind: &str, id: &str, event: &str, params: &Params) -> Answered {
    let object = state.get(kind, id)?;
    params.only(&["metadata.*"])?;
    let metadata: Value = merged(Some(object["metadata"].clone()), params)?;
    state.change_and_emit(event, id, serde_json::json!({ "metadata": metadata }));
    state.get(kind, id)
}
