//! Stripe's webhooks: an event is stored before it is acknowledged, and handled later.
//!
//! An event that was acknowledged is never sent again, so 200 means that the database has it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{self, Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    routing::post,
};
use latchkey_service::{Internal, Service};
use latchkey_stripe::{
    MAX_WEBHOOK_BYTES,
    signature::{self, SignatureRefusal, WebhookSecrets},
};

use crate::{adapters::stripe::incoming_event, http::layers::content_length::content_length};

use super::problem::Problem;

/// Where Stripe sends events.
pub(crate) const PATH: &str = "/webhooks/stripe";

/// How long receiving a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

const TOO_LARGE: Problem = Problem { status: StatusCode::PAYLOAD_TOO_LARGE, title: "The body is too large." };

#[derive(Clone)]
struct Receiver {
    service: Service,
    /// `None` if nothing is sold.
    secrets: Option<Arc<WebhookSecrets>>,
}

pub(super) fn router(service: Service, secrets: Option<WebhookSecrets>) -> Router {
    let receiver = Receiver { service, secrets: secrets.map(Arc::new) };
    Router::new().route(PATH, post(receive)).with_state(receiver)
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Result<StatusCode, Problem> {
    let Some(secrets) = &receiver.secrets else {
        return Err(Problem { status: StatusCode::NOT_FOUND, title: "There is nothing here." });
    };
    let (parts, body) = request.into_parts();
    if signatures(&parts.headers).next().is_none() {
        return Err(refused(SignatureRefusal::Missing));
    }
    if content_length(&parts.headers).is_some_and(|length| length > MAX_WEBHOOK_BYTES) {
        return Err(TOO_LARGE);
    }
    let body = read(body).await?;
    let now = receiver.service.now();
    signature::verify(signatures(&parts.headers), &body, secrets, now).map_err(refused)?;
    let event = incoming_event(body.to_vec(), now);
    let is_new = receiver.service.store_event(&event).await.map_err(|error| failed(&error))?;
    tracing::info!(event = event.id, kind = event.kind, is_new, "received event {} of Stripe", event.id);
    Ok(StatusCode::OK)
}

fn signatures(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all("stripe-signature").iter().map(HeaderValue::as_bytes)
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(BODY_TIMEOUT, body::to_bytes(body, MAX_WEBHOOK_BYTES)).await;
    match read {
        Ok(Ok(body)) => Ok(body),
        // The other reason is a connection that broke, to which no response can be sent.
        Ok(Err(_)) => Err(TOO_LARGE),
        Err(_) => Err(Problem { status: StatusCode::REQUEST_TIMEOUT, title: "The body did not arrive in time." }),
    }
}

/// The response does not say why, so that nobody can find out how to forge a signature.
fn refused(why: SignatureRefusal) -> Problem {
    tracing::warn!("a webhook was refused: {why}");
    Problem { status: StatusCode::BAD_REQUEST, title: "The signature is not valid." }
}

/// Stripe sends the event again later.
fn failed(error: &Internal) -> Problem {
    tracing::error!(%error, "an event of Stripe could not be stored");
    if error.is_unavailable() {
        Problem { status: StatusCode::SERVICE_UNAVAILABLE, title: "The event cannot be stored at the moment." }
    } else {
        Problem { status: StatusCode::INTERNAL_SERVER_ERROR, title: "The event could not be stored." }
    }
}
