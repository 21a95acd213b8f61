//! The controls for programs and the desk: `POST /_double/{control}` with a JSON object.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    DisputeKind, Endpoint, Fault, Method, Outcome, Paid, Payment, Refusal, Renewal, deliveries,
    life::RefundOf,
    server::App,
    shared::Shared,
    wire::fields::{flag, text},
};

pub(crate) async fn answer(Extract(app): Extract<App>, Path(control): Path<String>, body: String) -> Response {
    let input = if body.trim().is_empty() { Ok(json!({})) } else { serde_json::from_str(&body) };
    let Ok(input) = input else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "the body is not JSON" }))).into_response();
    };
    match run(&app, &control, &input).await {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => (StatusCode::BAD_REQUEST, Json(json!({ "error": refusal.message }))).into_response(),
    }
}

/// Runs a control. Numbers and switches may also be texts, as forms send them.
pub(crate) async fn run(app: &App, control: &str, input: &Value) -> Result<Value, Refusal> {
    let event = text(input, "event");
    let attempts = match control {
        "deliver" => deliveries::now(&app.shared, &app.client, event).await,
        "deliver_in_parallel" => {
            let count = usize::try_from(number(input, "count").unwrap_or(10)).unwrap_or(0).min(1_000);
            deliveries::in_parallel(&app.shared, &app.client, event, count).await
        }
        "deliver_waiting" => {
            let mut ids = app.shared.lock().queue.waiting();
            if let Some(given) = input["order"].as_array() {
                ids = given.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
            }
            let mut attempts = Vec::new();
            for id in ids {
                attempts.extend(deliveries::now(&app.shared, &app.client, &id).await);
            }
            attempts
        }
        _ => return run_at_once(&app.shared, control, input),
    };
    let shown: Vec<Value> = attempts
        .iter()
        .map(|one| json!({ "event": one.event, "endpoint": one.endpoint, "status": one.status }))
        .collect();
    Ok(json!({ "attempts": shown }))
}

/// The controls that do not wait for an answer of an endpoint.
fn run_at_once(shared: &Shared, control: &str, input: &Value) -> Result<Value, Refusal> {
    let mut state = shared.lock();
    state.catch_up();
    let payment = text(input, "payment");
    let subscription = text(input, "subscription");
    match control {
        "pay" => {
            let paid = state.pay(text(input, "session"), &payment_of(input)?)?;
            let result = match paid {
                Paid::Complete => "complete",
                Paid::Processing => "processing",
                Paid::Declined => "declined",
            };
            return Ok(json!({ "result": result }));
        }
        "expire" => state.expire(text(input, "session"))?,
        "settle" => state.settle(payment)?,
        "fail_payment" => state.fail_payment(payment)?,
        "refund" => {
            let amount = number(input, "amount").ok();
            let of = RefundOf {
                payment: payment.to_owned(),
                amount,
                is_pending: flag(input, "is_pending"),
                ..RefundOf::default()
            };
            return Ok(json!({ "id": state.refund(of)? }));
        }
        "succeed_refund" => state.succeed_refund(text(input, "refund"))?,
        "fail_refund" => state.fail_refund(text(input, "refund"))?,
        "dispute" => {
            let is_inquiry = text(input, "status") == "warning_needs_response";
            let kind = if is_inquiry { DisputeKind::Inquiry } else { DisputeKind::Chargeback };
            return Ok(json!({ "id": state.dispute(payment, kind)? }));
        }
        "escalate_dispute" => state.escalate_dispute(text(input, "dispute"))?,
        "review_dispute" => state.review_dispute(text(input, "dispute"))?,
        "close_dispute" => {
            let outcome = match text(input, "outcome") {
                "won" => Outcome::Won,
                "lost" => Outcome::Lost,
                "warning_closed" => Outcome::WarningClosed,
                other => return Err(Refusal::request(None, format!("unknown outcome {other}"))),
            };
            state.close_dispute(text(input, "dispute"), outcome)?;
        }
        "fraud_warning" => return Ok(json!({ "id": state.fraud_warning(payment)? })),
        "advance" => {
            let seconds = number(input, "seconds")?;
            state.clock.advance(Duration::from_secs(seconds.unsigned_abs()));
            state.catch_up();
        }
        "set_renewal" => {
            let renewal = if text(input, "renewal") == "fail" { Renewal::Fail } else { Renewal::Succeed };
            match state.billing.get_mut(subscription) {
                Some(billing) => billing.renewal = Some(renewal),
                None => state.renewal = renewal,
            }
        }
        "cancel_subscription" => state.cancel_subscription(subscription)?,
        "cancel_at_period_end" => state.cancel_at_period_end(subscription, text(input, "is_wanted") != "false")?,
        "pause" => state.pause(subscription)?,
        "resume" => state.resume(subscription)?,
        _ => {
            drop(state);
            return tune(shared, control, input);
        }
    }
    Ok(json!({}))
}

/// The controls of deliveries and faults.
fn tune(shared: &Shared, control: &str, input: &Value) -> Result<Value, Refusal> {
    let mut state = shared.lock();
    match control {
        "hold" => state.queue.is_held = true,
        "release" => state.queue.is_held = false,
        "lose" => state.queue.lose(text(input, "event")),
        "lose_next" => state.queue.drop_next(small(number(input, "count")?)),
        "delay" => state.queue.delay = Duration::from_millis(number(input, "milliseconds")?.unsigned_abs()),
        "repeat" => state.queue.copies = small(number(input, "count")?),
        "reorder" => {
            let mut random = super::wire::ids::Ids::new(number(input, "seed").unwrap_or(1).unsigned_abs());
            state.queue.reorder(|limit| random.below(limit));
        }
        "sign_at" => state.queue.signed_at = number(input, "at").ok(),
        "waiting" => return Ok(json!({ "events": state.queue.waiting() })),
        "add_endpoint" => {
            let endpoint = Endpoint::new(text(input, "url"), text(input, "secret"));
            return Ok(json!({ "id": state.add_endpoint(&endpoint) }));
        }
        "set_tax" => state.options.tax_basis_points = number(input, "basis_points")?,
        "fail_next" => {
            let fault = fault(input)?;
            let count = small(number(input, "count").unwrap_or(1));
            state.faults.plan(text(input, "prefix"), fault, count);
        }
        "clear_faults" => state.faults.clear(),
        "pause_call" => state.faults.plan_pause(text(input, "prefix"), small(number(input, "nth").unwrap_or(1))),
        "resume_calls" => state.faults.resume(),
        "paused_calls" => return Ok(json!({ "count": state.faults.paused().borrow().count })),
        "calls" => return Ok(json!({ "calls": state.faults.calls() })),
        _ => return Err(Refusal::request(None, format!("there is no control {control}"))),
    }
    state.wake.notify_one();
    Ok(json!({}))
}

fn payment_of(input: &Value) -> Result<Payment, Refusal> {
    let method = match text(input, "method") {
        "" | "card" => Method::Card,
        "declined_card" => Method::DeclinedCard,
        "bank_debit" => Method::BankDebit,
        other => return Err(Refusal::request(None, format!("unknown method {other}"))),
    };
    let mut payment = Payment::new(text(input, "email"), text(input, "name"), method);
    if !text(input, "country").is_empty() {
        text(input, "country").clone_into(&mut payment.country);
    }
    text(input, "tax_id").clone_into(&mut payment.tax_id);
    Ok(payment)
}

fn fault(input: &Value) -> Result<Fault, Refusal> {
    Ok(match text(input, "fault") {
        "too_many_requests" => Fault::TooManyRequests,
        "server_error" => Fault::ServerError,
        "slow" => Fault::Slow(Duration::from_millis(number(input, "milliseconds")?.unsigned_abs())),
        "cut" => Fault::Cut,
        "malformed" => Fault::Malformed,
        "giant" => Fault::Giant,
        other => return Err(Refusal::request(None, format!("unknown fault {other}"))),
    })
}

fn number(input: &Value, name: &str) -> Result<i64, Refusal> {
    let field = &input[name];
    let number = field.as_i64().or_else(|| field.as_str()?.trim().parse().ok());
    number.ok_or_else(|| Refusal::request(None, format!("{name} must be a number")))
}

fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
