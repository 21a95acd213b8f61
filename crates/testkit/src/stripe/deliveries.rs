//! Sends events to webhook endpoints: signed, in order, and again until they are accepted.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{
    shared::Shared,
    state::{Attempt, Pending},
    wire::{fields::text, signature::sign_with_all},
};

/// As Stripe: an endpoint that takes longer has not answered.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Delivers what is due, one after another. Runs until it is dropped.
pub(crate) async fn run(shared: Shared, client: reqwest::Client) {
    let wake = shared.lock().wake.clone();
    loop {
        let (due, next) = {
            let mut state = shared.lock();
            (state.queue.take_due(Instant::now()), state.queue.next_due())
        };
        if let Some(pending) = due {
            attempt(&shared, &client, pending).await;
            continue;
        }
        match next {
            Some(at) => tokio::select! {
                () = sleep_until(at) => {}
                () = wake.notified() => {}
            },
            None => wake.notified().await,
        }
    }
}

/// Delivers once. What is not accepted is queued again, or lost after the last attempt or with its endpoint.
pub(crate) async fn attempt(shared: &Shared, client: &reqwest::Client, mut pending: Pending) -> Attempt {
    let result = send(shared, client, &pending.event, &pending.endpoint).await;
    let mut state = shared.lock();
    if !result.is_accepted() {
        pending.attempts += 1;
        pending.due_at = Instant::now() + state.options.retry_after;
        let is_known = state.objects.find("webhook_endpoint", &pending.endpoint).is_some();
        if is_known && pending.attempts < state.options.attempts {
            state.queue.put_back(pending);
        } else {
            state.queue.give_up(pending);
        }
    }
    result
}

/// Sends an event to an endpoint, whatever the queue says.
pub(crate) async fn send(shared: &Shared, client: &reqwest::Client, event: &str, endpoint: &str) -> Attempt {
    let request = {
        let state = shared.lock();
        state.objects.find("webhook_endpoint", endpoint).map(|object| {
            let body = state.body_of(event, endpoint);
            let secrets = state.secrets.get(endpoint).cloned().unwrap_or_default();
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let at = state.queue.signed_at.unwrap_or_else(|| state.clock.real());
            (text(object, "url").to_owned(), sign_with_all(&body, &secrets, at), body)
        })
    };
    let status = match request {
        None => None,
        Some((url, signature, body)) => {
            let request = client
                .post(url)
                .timeout(TIMEOUT)
                .header("content-type", "application/json; charset=utf-8")
                .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
                .header("stripe-signature", signature)
                .body(body.to_vec());
            request.send().await.ok().map(|response| response.status().as_u16())
        }
    };
    let attempt = Attempt { event: event.to_owned(), endpoint: endpoint.to_owned(), status };
    let mut state = shared.lock();
    state.queue.log.push(attempt.clone());
    if attempt.is_accepted() {
        state.queue.accepted(event, endpoint);
    }
    attempt
}

/// Delivers an event once to all endpoints that subscribe to its type, and takes it from the queue if it is accepted.
pub(crate) async fn now(shared: &Shared, client: &reqwest::Client, event: &str) -> Vec<Attempt> {
    let (mut waiting, endpoints) = {
        let mut state = shared.lock();
        let kind = state.objects.find("event", event).map(|event| text(event, "type").to_owned()).unwrap_or_default();
        (state.queue.take_of(event), state.receivers(&kind))
    };
    let mut attempts = Vec::new();
    for endpoint in endpoints {
        let attempt = send(shared, client, event, &endpoint).await;
        if attempt.is_accepted() {
            waiting.retain(|pending| pending.endpoint != endpoint);
        }
        attempts.push(attempt);
    }
    let mut state = shared.lock();
    for pending in waiting {
        state.queue.put_back(pending);
    }
    attempts
}

/// Delivers an event many times at the same time.
pub(crate) async fn in_parallel(shared: &Shared, client: &reqwest::Client, event: &str, count: usize) -> Vec<Attempt> {
    let all = (0..count).map(|_| {
        let (shared, client, event) = (shared.clone(), client.clone(), event.to_owned());
        tokio::spawn(async move { now(&shared, &client, &event).await })
    });
    let mut attempts = Vec::new();
    for one in all.collect::<Vec<_>>() {
        attempts.extend(one.await.unwrap_or_default());
    }
    attempts
}
