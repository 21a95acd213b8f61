//! `stripe sync`: compares with Stripe at once, which the server otherwise does every 15 minutes.

use latchkey_licensing::time::Timestamp;
use latchkey_service::{ReconcileError, Service};
use serde_json::json;

use crate::{commands::billing::stripe::no_key, console, startup::Failure};

impl From<ReconcileError> for Failure {
    fn from(error: ReconcileError) -> Self {
        match error {
            ReconcileError::NoKeys => no_key(),
            ReconcileError::Internal(error) => Self::Internal(error),
            ReconcileError::Payments(error) => Self::Refused(format!("{error}: `latchkey doctor` finds out why")),
        }
    }
}

pub(crate) async fn sync(service: &Service, as_json: bool) -> Result<(), Failure> {
    let report = service.reconcile().await?;
    if as_json {
        let missed = report.missed.iter().map(|(id, kind)| json!({ "id": id, "type": kind }));
        console::json(&json!({
            "since": report.since.map(Timestamp::rfc3339),
            "events": report.events,
            "missed": missed.collect::<serde_json::Value>(),
            "orders_changed": report.orders_changed,
            "checkouts": report.checkouts,
            "failed": report.failed,
        }));
    } else {
        let since = report.since.map(|since| format!(" since {}", since.human())).unwrap_or_default();
        console::line(&format!(
            "{} events at Stripe{since}, {} of them not received.",
            report.events,
            report.missed.len()
        ));
        for (id, kind) in &report.missed {
            console::line(&format!("  {id}  {kind}"));
        }
        if let Some(checkouts) = report.checkouts {
            console::line(&format!("Stripe no longer lists older events, so {checkouts} checkouts were compared."));
        }
        console::line(&format!("{} orders changed.", report.orders_changed));
        for why in &report.failed {
            console::line(&format!("failed: {why}"));
        }
    }
    match report.failed.len() {
        0 => Ok(()),
        1 => Err(Failure::PartlyDone("1 event could not be handled".to_owned())),
        count => Err(Failure::PartlyDone(format!("{count} events could not be handled"))),
    }
}
