//! What goes on beside requests: sending mail, removing what has run out, letting machines go whose
//! heartbeat stopped, following a rotation of the signing key.

use std::{sync::Arc, time::Duration};

use latchkey_service::{Delivery, Mailer, Service, WRITE_BEHIND_DELAY};
use tokio::sync::watch;

/// How long a mail that another process queued may go unnoticed.
const LOOK_FOR_MAIL: Duration = Duration::from_secs(10);

/// How long to wait after a failure before the next try.
const RETRY: Duration = Duration::from_secs(2);

/// How often to remove what has run out.
const UPKEEP: Duration = Duration::from_mins(10);

/// How often to look for machines whose heartbeat stopped.
const CULL: Duration = Duration::from_secs(30);

/// How often to note that heartbeats can be heard. After twice that there was an outage; what is shorter is
/// within the half minute that a heartbeat may be late.
const HEARING: Duration = Duration::from_secs(10);

/// How long another process's rotation of the signing key may go unnoticed.
const KEYS: Duration = Duration::from_secs(5);

/// Sends mail until told to stop; a mail under way is finished.
pub async fn send_mail(service: Service, mailer: Arc<dyn Mailer>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match service.deliver_one(&*mailer).await {
            Ok(Delivery::Sent) => Duration::ZERO,
            Ok(Delivery::Idle) => match service.mail_due_in().await {
                Ok(due_in) => due_in.map_or(LOOK_FOR_MAIL, |due_in| due_in.min(LOOK_FOR_MAIL)),
                Err(_) => RETRY,
            },
            Ok(Delivery::Retry(why)) => {
                tracing::warn!(why, "a mail was not sent and will be tried again: {why}");
                Duration::ZERO
            }
            Ok(Delivery::GivenUp(why)) => {
                tracing::error!(why, "a mail was given up: {why}");
                Duration::ZERO
            }
            Err(error) => {
                tracing::error!(%error, "the outbox does not work: {error}");
                RETRY
            }
        };
        if pause.is_zero() {
            continue;
        }
        tokio::select! {
            () = service.mail_queued(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Writes bookkeeping in batches, while there is any, until told to stop. What is left then is for the caller to
/// write, after the last request.
pub async fn write_bookkeeping(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = service.bookkeeping() => {}
            _ = stop.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(WRITE_BEHIND_DELAY) => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = service.write_bookkeeping().await {
            tracing::warn!(%error, "bookkeeping is not written yet and will be tried again: {error}");
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stop.changed() => return,
            }
        }
    }
}

/// Lets machines go whose heartbeat stopped, and now and then removes what has run out, until told to
/// stop.
pub async fn run_upkeep(service: Service, mut stop: watch::Receiver<bool>) {
    let mut rounds = (0..UPKEEP.as_secs() / CULL.as_secs()).cycle();
    while !*stop.borrow() {
        match service.cull_dead_machines().await {
            Ok(0) => {}
            Ok(machines) => tracing::info!(machines, "deactivated {machines} machines whose heartbeat had stopped"),
            Err(error) => tracing::error!(%error, "dead machines are not let go: {error}"),
        }
        if rounds.next() == Some(0) {
            remove_what_has_run_out(&service).await;
        }
        tokio::select! {
            () = tokio::time::sleep(CULL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Notes again and again that heartbeats can be heard, until told to stop. Apart from the rounds that let
/// machines go: a long one is no outage.
pub async fn record_heartbeat_watch(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = service.record_heartbeat_watch(HEARING).await {
            tracing::error!(%error, "it cannot be noted that heartbeats are heard: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(HEARING) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Reads the signing keys again and again, until told to stop.
pub async fn refresh_keys(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = service.refresh_keyring().await {
            tracing::error!(%error, "the signing keys cannot be read: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(KEYS) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn remove_what_has_run_out(service: &Service) {
    match service.remove_what_has_run_out().await {
        Ok(0) => {}
        Ok(rows) => tracing::debug!(rows, "removed {rows} rows that had run out"),
        Err(error) => tracing::error!(%error, "upkeep does not work: {error}"),
    }
}
