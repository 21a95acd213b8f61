//! What goes on beside requests: sending mail, removing what has run out.

use std::{sync::Arc, time::Duration};

use latchkey_service::{Delivery, Mailer, Service};
use tokio::sync::watch;

/// How long the outbox waits for a mail of another process.
const POLL: Duration = Duration::from_secs(2);

/// How often to remove what has run out.
const UPKEEP: Duration = Duration::from_mins(10);

/// Sends mail until told to stop; a mail under way is finished.
pub async fn send_mail(service: Service, mailer: Arc<dyn Mailer>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match service.deliver_one(&*mailer).await {
            Ok(Delivery::Sent) => Duration::ZERO,
            Ok(Delivery::Idle) => POLL,
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
                POLL
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

/// Removes what has run out, now and then, until told to stop.
pub async fn tidy(service: Service, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match service.remove_what_has_run_out().await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "removed {rows} rows that had run out"),
            Err(error) => tracing::error!(%error, "upkeep does not work: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(UPKEEP) => {}
            _ = stop.changed() => {}
        }
    }
}
