//! Comparing the provider's events with those that were received, so that a lost webhook loses nothing.

use std::time::Duration;

use latchkey_licensing::{order::OrderStatus, time::Timestamp};
use latchkey_store::OrderSearch;

use crate::{
    billing::{
        events::EventHandling,
        refresh::{RefreshError, Refreshed},
    },
    error::{Internal, internal_errors},
    ports::payments::{ObjectKind, ObjectRef, PaymentsError},
    service::Service,
};

/// How far the compared periods overlap. Events are listed late when the provider is in trouble.
const OVERLAP: Duration = Duration::from_hours(24);

/// How far the provider's list of events reaches back, less a day for safety.
const REACH: Duration = Duration::from_hours(29 * 24);

/// How many orders are read at once.
const PAGE: u32 = 500;

/// What a reconciliation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// The start of the compared period.
    pub since: Option<Timestamp>,
    /// The number of events that the provider listed.
    pub events: u64,
    /// The ids and kinds of the events that had not been received.
    pub missed: Vec<(String, String)>,
    /// The number of orders that changed.
    pub orders_changed: u64,
    /// The number of checkouts that were compared one by one, because the provider's events do not reach back far enough.
    pub checkouts: Option<u64>,
    /// Events that could not be handled, each with the reason.
    pub failed: Vec<String>,
}

/// Why a reconciliation failed. What it found until then is kept.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// There are no keys of the payment provider.
    #[error("there are no Stripe keys in the settings")]
    NoKeys,
    /// The provider failed.
    #[error(transparent)]
    Payments(#[from] PaymentsError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ReconcileError);

impl Service {
    /// Compares the provider's events since the last reconciliation with those that were received, and handles those that
    /// are missing.
    pub async fn reconcile(&self) -> Result<Reconciliation, ReconcileError> {
        let payments = self.payments().ok_or(ReconcileError::NoKeys)?;
        let is_live = payments.is_live();
        let started_at = self.now();
        let last = self.store().read_without_snapshot().await?.find_reconciliation_start(is_live).await?;
        let since = last.unwrap_or(started_at).minus(OVERLAP);
        let oldest = started_at.minus(REACH);
        let mut is_complete = true;
        let mut report = Reconciliation { since: Some(since), ..Reconciliation::default() };
        if since < oldest {
            tracing::error!(
                since = %since.rfc3339(),
                "the last reconciliation with Stripe is more than 29 days ago, which is longer than Stripe keeps events: all checkouts since then are compared"
            );
            let new = self.walk_checkouts(since, &mut report).await?;
            // Refunds and disputes of older orders are in no list of new checkouts.
            let old = self.walk_orders(&mut report).await?;
            report.checkouts = Some(new + old);
            // What failed is compared again the next time.
            is_complete = report.failed.is_empty();
        }
        let mut after = None;
        loop {
            let page = payments.events(since.max(oldest), after.as_deref()).await?;
            let ids: Vec<&str> = page.items.iter().map(|event| event.id.as_str()).collect();
            report.events += u64::try_from(ids.len()).unwrap_or(u64::MAX);
            let known = if ids.is_empty() {
                Vec::new()
            } else {
                self.store().read_without_snapshot().await?.list_known_stripe_events(&ids).await?
            };
            for event in page.items.iter().filter(|event| !known.contains(&event.id)) {
                if self.insert_event(event, true).await? {
                    report.missed.push((event.id.clone(), event.kind.clone()));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        loop {
            match self.handle_one_event().await? {
                EventHandling::Idle => break,
                EventHandling::Done { refreshed: Refreshed::Changed(_), .. } => report.orders_changed += 1,
                EventHandling::Done { .. } => {}
                EventHandling::Retry(why) | EventHandling::Failed(why) => report.failed.push(why),
            }
        }
        self.deliver_released(&mut report).await?;
        if is_complete {
            let mut tx = self.store().write().await?;
            tx.set_reconciled(is_live, started_at, self.now()).await?;
            tx.commit().await?;
        }
        Ok(report)
    }

    /// Delivers orders that an admin released while the provider could not be asked about them.
    async fn deliver_released(&self, report: &mut Reconciliation) -> Result<(), ReconcileError> {
        let held = OrderSearch { status: Some(OrderStatus::Held), ..OrderSearch::default() };
        let mut before = None;
        loop {
            let mut reader = self.store().read_without_snapshot().await?;
            let page = reader.list_orders(&held, before, PAGE).await?;
            drop(reader);
            for order in page.items.iter().filter(|order| order.released_at.is_some()) {
                self.compare(order.checkout.as_deref(), report).await?;
            }
            match page.next {
                Some(next) => before = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Brings all orders that were paid up to date. Returns their number.
    async fn walk_orders(&self, report: &mut Reconciliation) -> Result<u64, ReconcileError> {
        let (mut before, mut count) = (None, 0);
        loop {
            let mut reader = self.store().read_without_snapshot().await?;
            let page = reader.list_orders(&OrderSearch::default(), before, PAGE).await?;
            drop(reader);
            for order in page.items.iter().filter(|order| order.paid_at.is_some()) {
                count += 1;
                self.compare(order.checkout.as_deref(), report).await?;
            }
            match page.next {
                Some(next) => before = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Brings the order of a checkout up to date.
    async fn compare(&self, checkout: Option<&str>, report: &mut Reconciliation) -> Result<(), ReconcileError> {
        let Some(id) = checkout else {
            return Ok(());
        };
        match self.refresh_order(&ObjectRef { kind: ObjectKind::Checkout, id: id.to_owned() }).await {
            Ok(Refreshed::Changed(_)) => report.orders_changed += 1,
            Ok(_) => {}
            Err(RefreshError::Payments(error)) if error.is_outage() => return Err(error.into()),
            Err(RefreshError::Internal(error)) => return Err(error.into()),
            Err(error) => report.failed.push(format!("{id}: {error}")),
        }
        Ok(())
    }

    /// Brings the orders of all checkouts since an instant up to date. Returns the number of checkouts.
    async fn walk_checkouts(&self, since: Timestamp, report: &mut Reconciliation) -> Result<u64, ReconcileError> {
        let payments = self.payments().ok_or(ReconcileError::NoKeys)?;
        let (mut after, mut count) = (None, 0);
        loop {
            let page = payments.checkouts(since, after.as_deref()).await?;
            for id in page.items {
                count += 1;
                self.compare(Some(&id), report).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }
}
