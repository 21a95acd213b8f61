//! Background tasks: sending mails, handling the payment provider's events, deleting expired rows, culling dead
//! machines, reminding customers, and refreshing the signing keys.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use latchkey_service::{
    Delivery, EventHandling, Internal, Mailer, Reconciliation, Service, WRITE_BEHIND_DELAY, Worker, WorkerFailure,
};
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

/// How long it may go unnoticed that the database's file is gone, while nothing is written.
const FILE: Duration = Duration::from_secs(2);

/// How long a rotation of the signing key by another process may go unnoticed.
const KEYS: Duration = Duration::from_secs(5);

/// Sends mails until it is stopped. Several are sent at a time, so that a server that takes long to respond to one does not
/// delay the others. Mails that are being sent are finished.
pub async fn send_mail(service: Service, mailer: Arc<dyn Mailer>, stop: watch::Receiver<bool>) {
    let trouble = MailTrouble::default();
    let one = || send_one_by_one(&service, &*mailer, &trouble, stop.clone());
    tokio::join!(one(), one(), one(), one());
}

/// Why mails cannot be sent at the moment. A cause is logged once, and not for every attempt.
#[derive(Debug, Default)]
struct MailTrouble(Mutex<Option<String>>);

impl MailTrouble {
    /// Notes why an attempt failed. Returns whether that is news.
    fn begins(&self, why: &str) -> bool {
        // With a poisoned lock, everything is logged.
        self.0.lock().map_or(true, |mut known| known.replace(why.to_owned()).is_none_or(|known| known != why))
    }

    /// Notes that a mail was sent. Returns whether that is news.
    fn ends(&self) -> bool {
        self.0.lock().is_ok_and(|mut known| known.take().is_some())
    }
}

async fn send_one_by_one(
    service: &Service,
    mailer: &dyn Mailer,
    trouble: &MailTrouble,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let delivered = service.deliver_one(mailer).await;
        note(service, Worker::Mail, delivered.as_ref().err());
        let pause = match delivered {
            Ok(Delivery::Sent) => {
                if trouble.ends() {
                    tracing::info!("mails are sent again");
                }
                Duration::ZERO
            }
            Ok(Delivery::Decoy) => Duration::ZERO,
            Ok(Delivery::Idle) => match service.mail_due_in().await {
                Ok(due_in) => due_in.map_or(MAIL_POLL, |due_in| due_in.min(MAIL_POLL)),
                Err(_) => RETRY,
            },
            Ok(Delivery::Retry(why)) => {
                if trouble.begins(&why) {
                    tracing::warn!(why, "mails cannot be sent and will be retried: {why}");
                }
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
        let handled = service.handle_one_event().await;
        note(&service, Worker::Events, handled.as_ref().err());
        let pause = match handled {
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
        let reconciled = service.reconcile().await;
        // Mostly, Stripe cannot be reached.
        service.note_round(Worker::Reconciliation, reconciled.as_ref().err().map(|_| WorkerFailure::Other));
        match reconciled {
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
        let written = service.write_bookkeeping().await;
        note(&service, Worker::Bookkeeping, written.as_ref().err());
        if let Err(error) = written {
            tracing::warn!(%error, "bookkeeping could not be written and will be retried: {error}");
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stop.changed() => return,
            }
        }
    }
}

/// Culls dead machines and processes, and from time to time deletes expired rows and reminds customers, until it is stopped.
pub async fn run_upkeep(service: Service, mut stop: watch::Receiver<bool>) {
    let mut rounds = (0..UPKEEP.as_secs() / CULL.as_secs()).cycle();
    let mut reminder_rounds = (0..REMIND.as_secs() / CULL.as_secs()).cycle();
    while !*stop.borrow() {
        let culled = service.cull_dead_machines().await;
        note(&service, Worker::Culling, culled.as_ref().err());
        match culled {
            Ok(0) => {}
            Ok(machines) => tracing::info!(machines, "deactivated {machines} machines that missed their heartbeats"),
            Err(error) => tracing::error!(%error, "dead machines could not be deactivated: {error}"),
        }
        let culled = service.cull_dead_processes().await;
        note(&service, Worker::ProcessCulling, culled.as_ref().err());
        match culled {
            Ok(0) => {}
            Ok(processes) => tracing::debug!(processes, "ended {processes} processes that missed their heartbeats"),
            Err(error) => tracing::error!(%error, "dead processes could not be ended: {error}"),
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
        let recorded = service.record_heartbeat_watch(HEARTBEAT_WATCH).await;
        note(&service, Worker::HeartbeatWatch, recorded.as_ref().err());
        if let Err(error) = recorded {
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
        let refreshed = service.refresh_keyring().await;
        note(&service, Worker::SigningKeys, refreshed.as_ref().err());
        if let Err(error) = refreshed {
            tracing::error!(%error, "the signing keys could not be read: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(KEYS) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Says loudly when the database's file is deleted or replaced, until it is stopped. Meanwhile, nothing can be written.
pub async fn watch_database_file(service: Service, mut stop: watch::Receiver<bool>) {
    let mut is_gone = false;
    while !*stop.borrow() {
        let found = service.store().check_file();
        match &found {
            Ok(()) if is_gone => tracing::warn!("the database's file is back"),
            Err(error) if !is_gone => tracing::error!(%error, "nothing can be written: {error}"),
            Ok(()) | Err(_) => {}
        }
        is_gone = found.is_err();
        tokio::select! {
            () = tokio::time::sleep(FILE) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Appends rows of the audit log to its chain until it is stopped. The caller must append the rest after the last request.
pub async fn seal_audit_log(service: Service, mut stop: watch::Receiver<bool>) {
    let mut logged: Option<Instant> = None;
    while !*stop.borrow() {
        let sealed = service.seal_audit_log().await;
        note(&service, Worker::AuditLog, sealed.as_ref().err());
        if let Err(error) = sealed {
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

/// Notes that a worker ended a round, for the page of the instance's state.
fn note(service: &Service, worker: Worker, error: Option<&Internal>) {
    service.note_round(worker, error.map(WorkerFailure::from));
}

async fn delete_expired_rows(service: &Service) {
    let removed = service.remove_expired_rows().await;
    note(service, Worker::ExpiredRows, removed.as_ref().err());
    match removed {
        Ok(0) => {}
        Ok(rows) => tracing::debug!(rows, "deleted {rows} expired rows"),
        Err(error) => tracing::error!(%error, "expired rows could not be deleted: {error}"),
    }
}

async fn remind_customers(service: &Service) {
    let queued = service.queue_reminders().await;
    note(service, Worker::Reminders, queued.as_ref().err());
    match queued {
        Ok(0) => {}
        Ok(mails) => tracing::info!(mails, "queued {mails} reminders of licenses that end soon"),
        Err(error) => tracing::error!(%error, "reminders could not be queued: {error}"),
    }
}
