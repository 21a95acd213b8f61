//! Background tasks: sending mails, handling the payment provider's events, deleting expired rows, culling dead
//! machines, reminding customers, and refreshing the signing keys.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use latchkey_service::{Delivery, EventHandling, Mailer, Reconciliation, Service, WRITE_BEHIND_DELAY};
use tokio::sync::watch;

/// How long a mail queued by another process may go unnoticed.
const MAIL_POLL: Duration = Duration::from_secs(10);

/// How long an event stored by another process, or left by a dead one, may go unnoticed.
const EVENT_POLL: Duration = Duration::from_secs(5);

/// How often the payment provider's events are compared with those that were received.
const RECONCILE: Duration = Duration::from_mins(15);

/// How long to wait after a failure before the next attempt.
const RETRY: Duration = Duration::from_secs(2);

/// How often expired rows are deleted.
const UPKEEP: Duration = Duration::from_mins(10);

/// How often machines with missed heartbeats are culled.
const CULL: Duration = Duration::from_secs(30);

/// How often customers are reminded of licenses that end soon.
const REMIND: Duration = Duration::from_hours(1);

/// How long rows of the audit log wait for their entries in the chain, so that many are appended at once.
const SEALING_DELAY: Duration = Duration::from_secs(1);

/// How long rows that another process wrote to the audit log may go unnoticed.
const SEALING_POLL: Duration = Duration::from_secs(10);

/// How often the end of the audit log's chain is written to the log, where someone who can change the database may not
/// reach it.
const HEAD: Duration = Duration::from_hours(1);

/// How often to record that heartbeats can be received. A gap of more than twice this is an outage. Shorter
/// gaps are covered by the 30 seconds that a heartbeat may be late.
const HEARTBEAT_WATCH: Duration = Duration::from_secs(10);

/// How long a rotation of the signing key by another process may go unnoticed.
const KEYS: Duration = Duration::from_secs(5);

/// Sends mails until it is stopped. A mail that is being sent is finished.
pub async fn send_mail(service: Service, mailer: Arc<dyn Mailer>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match service.deliver_one(&*mailer).await {
            Ok(Delivery::Sent) => Duration::ZERO,
            Ok(Delivery::Idle) => match service.mail_due_in().await {
                Ok(due_in) => due_in.map_or(MAIL_POLL, |due_in| due_in.min(MAIL_POLL)),
                Err(_) => RETRY,
            },
            Ok(Delivery::Retry(why)) => {
                tracing::warn!(why, "a mail could not be sent and will be retried: {why}");
                Duration::ZERO
            }
            Ok(Delivery::GivenUp(why)) => {
                tracing::error!(why, "gave up on a mail: {why}");
                Duration::ZERO
            }
            Err(error) => {
                tracing::error!(%error, "the outbox failed: {error}");
                RETRY
            }
        };
        if pause.is_zero() {
            continue;
        }
        tokio::select! {
            () = service.wait_for_mail(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Handles the payment provider's events until it is stopped.
pub async fn handle_events(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match service.handle_one_event().await {
            Ok(EventHandling::Done { .. }) => Duration::ZERO,
            Ok(EventHandling::Idle) => match service.event_due_in().await {
                Ok(due_in) => due_in.map_or(EVENT_POLL, |due_in| due_in.min(EVENT_POLL)),
                Err(_) => RETRY,
            },
            Ok(EventHandling::Retry(why)) => {
                tracing::warn!(why, "a Stripe event could not be handled and will be retried: {why}");
                Duration::ZERO
            }
            Ok(EventHandling::Failed(why)) => {
                tracing::error!(why, "gave up on a Stripe event; `latchkey stripe events replay` tries again: {why}");
                Duration::ZERO
            }
            Err(error) => {
                tracing::error!(%error, "Stripe events cannot be handled: {error}");
                RETRY
            }
        };
        if pause.is_zero() {
            continue;
        }
        tokio::select! {
            () = service.wait_for_event(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Repairs what lost webhooks left undone, at the start and from time to time, until it is stopped.
pub async fn reconcile_payments(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match service.reconcile().await {
            Ok(Reconciliation { missed, failed, .. }) if missed.is_empty() && failed.is_empty() => {}
            Ok(report) => {
                let (missed, failed) = (report.missed.len(), report.failed.len());
                tracing::warn!(missed, failed, "{missed} Stripe events had not been received, and {failed} failed");
            }
            Err(error) => tracing::error!(%error, "the reconciliation with Stripe failed: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(RECONCILE) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Writes pending bookkeeping in batches until it is stopped. The caller must write the rest after the last
/// request.
pub async fn write_bookkeeping(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = service.wait_for_bookkeeping() => {}
            _ = stop.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(WRITE_BEHIND_DELAY) => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = service.write_bookkeeping().await {
            tracing::warn!(%error, "bookkeeping could not be written and will be retried: {error}");
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stop.changed() => return,
            }
        }
    }
}

/// Culls dead machines, and from time to time deletes expired rows and reminds customers, until it is stopped.
pub async fn run_upkeep(service: Service, mut stop: watch::Receiver<bool>) {
    let mut rounds = (0..UPKEEP.as_secs() / CULL.as_secs()).cycle();
    let mut reminder_rounds = (0..REMIND.as_secs() / CULL.as_secs()).cycle();
    while !*stop.borrow() {
        match service.cull_dead_machines().await {
            Ok(0) => {}
            Ok(machines) => tracing::info!(machines, "deactivated {machines} machines that missed their heartbeats"),
            Err(error) => tracing::error!(%error, "dead machines could not be deactivated: {error}"),
        }
        if rounds.next() == Some(0) {
            delete_expired_rows(&service).await;
        }
        if reminder_rounds.next() == Some(0) {
            remind_customers(&service).await;
        }
        tokio::select! {
            () = tokio::time::sleep(CULL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Records that heartbeats can be received, until it is stopped. This is separate from culling machines: a
/// long round of culling is not an outage.
pub async fn record_heartbeat_watch(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = service.record_heartbeat_watch(HEARTBEAT_WATCH).await {
            tracing::error!(%error, "the heartbeat watch could not be recorded: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(HEARTBEAT_WATCH) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Refreshes the signing keys until it is stopped.
pub async fn refresh_keys(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = service.refresh_keyring().await {
            tracing::error!(%error, "the signing keys could not be read: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(KEYS) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Appends rows of the audit log to its chain until it is stopped. The caller must append the rest after the last request.
pub async fn seal_audit_log(service: Service, mut stop: watch::Receiver<bool>) {
    let mut logged: Option<Instant> = None;
    while !*stop.borrow() {
        if let Err(error) = service.seal_audit_log().await {
            tracing::error!(%error, "the audit log could not be sealed and will be retried: {error}");
        }
        if logged.is_none_or(|logged| logged.elapsed() >= HEAD) {
            log_audit_head(&service).await;
            logged = Some(Instant::now());
        }
        tokio::select! {
            () = service.wait_for_audit(SEALING_POLL) => {}
            _ = stop.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(SEALING_DELAY) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Writes the end of the audit log's chain to the log. `latchkey audit verify --head` compares with it.
pub async fn log_audit_head(service: &Service) {
    match service.audit_head().await {
        Ok(head) => tracing::info!(%head, "the audit log ends with {head}"),
        Err(error) => tracing::error!(%error, "the end of the audit log could not be read: {error}"),
    }
}

async fn delete_expired_rows(service: &Service) {
    match service.remove_expired_rows().await {
        Ok(0) => {}
        Ok(rows) => tracing::debug!(rows, "deleted {rows} expired rows"),
        Err(error) => tracing::error!(%error, "upkeep failed: {error}"),
    }
}

async fn remind_customers(service: &Service) {
    match service.queue_reminders().await {
        Ok(0) => {}
        Ok(mails) => tracing::info!(mails, "queued {mails} reminders of licenses that end soon"),
        Err(error) => tracing::error!(%error, "reminders could not be queued: {error}"),
    }
}
