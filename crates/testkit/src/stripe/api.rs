//! The API under `/v1`: authentication, faults, idempotency, and the answer.

mod billing;
mod catalog;
mod checkout;
mod customers;
mod events;
mod expand;
mod list;
mod payments;
mod webhook_endpoints;

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::State as Extract,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, stream};
use latchkey_licensing::time::Timestamp;
use serde_json::Value;

use super::{
    API_VERSION,
    faults::Fault,
    shared::Shared,
    state::State,
    wire::{idempotency::Answer, params::Params, refusal::Refusal},
};

/// What all areas get: the parts of the path below their own, and the parameters.
struct Call<'a> {
    method: &'a str,
    path: &'a [&'a str],
    params: &'a Params,
}

type Answered = Result<Value, Refusal>;

pub(crate) async fn answer(
    Extract(shared): Extract<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let (fault, request_id) = {
        let mut state = shared.lock();
        let request_id = state.ids.next("req_", 14);
        (state.faults.count(method.as_str(), &path), request_id)
    };
    let refusal = match fault {
        Some(Fault::TooManyRequests) => Some(Refusal::new(
            429,
            "invalid_request_error",
            Some("rate_limit"),
            "Too many requests hit the API too quickly.",
        )),
        Some(Fault::ServerError) => {
            Some(Refusal::new(500, "api_error", None, "An unknown error occurred while processing your request."))
        }
        Some(Fault::Slow(by)) => {
            tokio::time::sleep(by.min(Duration::from_hours(1))).await;
            None
        }
        _ => None,
    };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let encoded = [uri.query().unwrap_or_default().as_bytes(), b"&", &body].concat();
    let params = Params::parse(&encoded);
    let (answer, is_replayed) = match refusal {
        Some(refusal) => (refused(&refusal, &request_id), false),
        None => run(&mut shared.lock(), &headers, &method, &path, params, key.as_deref(), request_id),
    };
    if fault == Some(Fault::Paused) {
        let mut paused = shared.lock().faults.pause();
        let resumed = paused.borrow().resumed;
        // The double keeps the sender, so waiting ends only when calls are resumed.
        let _ = paused.wait_for(|paused| paused.resumed > resumed).await;
    }
    let mut response = with_fault(&answer, fault);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.status_mut() = status;
    let version = headers.get("stripe-version").cloned();
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fields.insert("stripe-version", version.unwrap_or(HeaderValue::from_static(API_VERSION)));
    // Clients compare it with their own clock.
    let now = Timestamp::from_unix_micros(shared.lock().now().saturating_mul(1_000_000));
    if let Ok(date) = HeaderValue::from_str(&now.http_date()) {
        fields.insert(header::DATE, date);
    }
    if let Ok(id) = HeaderValue::from_str(&answer.request_id) {
        fields.insert("request-id", id);
    }
    if let Some(key) = key.and_then(|key| HeaderValue::from_str(&key).ok()) {
        fields.insert("idempotency-key", key);
    }
    if is_replayed {
        fields.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    if answer.status == 401 {
        fields.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Stripe\""));
    }
    response
}

/// Answers a call, or repeats the answer of its idempotency key.
fn run(
    state: &mut State,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    params: Params,
    key: Option<&str>,
    request_id: String,
) -> (Answer, bool) {
    if let Err(refusal) = authenticate(headers, &state.options.api_key) {
        return (refused(&refusal, &request_id), false);
    }
    let key = key.filter(|_| method == Method::POST);
    match key.map_or(Ok(None), |key| state.replays.find(key, path, &params, state.clock.real())) {
        Err(refusal) => return (refused(&refusal, &request_id), false),
        Ok(Some(answer)) => return (answer, true),
        Ok(None) => {}
    }
    state.catch_up();
    state.request = Some((request_id.clone(), key.map(str::to_owned)));
    let done = dispatch(state, method.as_str(), path, &params);
    state.request = None;
    let done = done.and_then(|mut value| {
        expand::all(state, &mut value, &params.texts("expand"))?;
        Ok(value)
    });
    let answer = match done {
        Ok(value) => Answer { status: 200, body: pretty(&value), request_id },
        Err(refusal) => refused(&refusal, &request_id),
    };
    // As at Stripe, the answer to parameters that fail validation is not kept.
    if let Some(key) = key
        && answer.status == 200
    {
        state.replays.keep(key.to_owned(), path, params, state.clock.real(), answer.clone());
    }
    (answer, false)
}

fn dispatch(state: &mut State, method: &str, path: &str, params: &Params) -> Answered {
    let unknown = || {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Refusal::new(404, "invalid_request_error", None, message)
    };
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ["v1", area, rest @ ..] = parts.as_slice() else { return Err(unknown()) };
    let call = Call { method, path: rest, params };
    let answered = match *area {
        "account" if rest.is_empty() => state.objects.newest("account").next().cloned().map(Ok),
        "checkout" => checkout::route(state, &call),
        "customers" | "tax_ids" => customers::route(state, area, &call),
        "payment_intents"
        | "charges"
        | "refunds"
        | "disputes"
        | "radar"
        | "payment_methods"
        | "balance_transactions" => payments::route(state, area, &call),
        "invoices" | "invoice_payments" | "subscriptions" | "billing_portal" => billing::route(state, area, &call),
        "products" | "prices" | "coupons" | "promotion_codes" | "tax_rates" => catalog::route(state, area, &call),
        "events" => events::route(state, &call),
        "webhook_endpoints" => webhook_endpoints::route(state, &call),
        _ => None,
    };
    answered.unwrap_or_else(|| Err(unknown()))
}

fn authenticate(headers: &HeaderMap, key: &str) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::new(401, "invalid_request_error", None, message));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = match given.split_once(' ') {
        Some(("Bearer", token)) => token.to_owned(),
        Some(("Basic", encoded)) => {
            let decoded = BASE64_STANDARD.decode(encoded).unwrap_or_default();
            String::from_utf8_lossy(&decoded).split(':').next().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    if given.is_empty() {
        return refused("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').".to_owned());
    }
    if given != key {
        let shown: String = given.chars().take(8).collect();
        return refused(format!("Invalid API Key provided: {shown}***"));
    }
    Ok(())
}

fn refused(refusal: &Refusal, request_id: &str) -> Answer {
    let body = pretty(&refusal.body(request_id));
    Answer { status: refusal.status, body, request_id: request_id.to_owned() }
}

fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("JSON")
}

fn with_fault(answer: &Answer, fault: Option<Fault>) -> Response {
    match fault {
        Some(Fault::Cut) => {
            let half = answer.body.get(..answer.body.len() / 2).unwrap_or_default();
            let start = stream::iter([Ok(Bytes::copy_from_slice(half))]);
            // The pause lets the first half reach the client before the connection breaks.
            let cut = stream::once(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err(std::io::Error::other("cut"))
            });
            Body::from_stream(start.chain(cut)).into_response()
        }
        Some(Fault::Malformed) => {
            let mut body = answer.body.clone();
            body.truncate(body.len() / 2);
            body.into_response()
        }
        Some(Fault::Giant) => {
            let mut body = b"{\"padding\":\"".to_vec();
            body.resize(12 * 1024 * 1024, b'x');
            body.extend(b"\",");
            body.extend(answer.body.get(1..).unwrap_or_default());
            body.into_response()
        }
        _ => answer.body.clone().into_response(),
    }
}
