//! Outages, in which no heartbeats could be received. They must not make machines count as dead. Outages are stored in
//! the database, so that all processes agree and know about the time before they started.

use std::time::Duration;

use latchkey_licensing::{
    machine::{HeartbeatStatus, Machine},
    outage::Outage,
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::{Conn, MAX_SKEW};

use crate::{error::Internal, service::Service};

/// How long outages are kept: longer than any useful heartbeat window.
const KEEP_OUTAGES: Duration = Duration::from_hours(400 * 24);

impl Service {
    /// Records that the server can receive heartbeats; call it every `every`. If no process did so for more than
    /// twice that time, there was an outage.
    pub async fn record_heartbeat_watch(&self, every: Duration) -> Result<(), Internal> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let before = tx.find_heartbeat_watch().await?;
        if let Some(outage) = Self::open_outage(before, now) {
            let since = outage.began_at().rfc3339();
            tracing::warn!(
                since,
                "no heartbeats could be received since {since}: machines that were alive then still count as alive"
            );
            tx.insert_outage(outage).await?;
            tx.delete_outages_before(now.minus(KEEP_OUTAGES)).await?;
        }
        // The clock of another process may be slightly ahead. The difference is not an outage.
        let ahead = before.map(|(seen_at, _)| seen_at).filter(|seen_at| *seen_at <= now.plus(MAX_SKEW));
        if before.is_some() && ahead.is_none() {
            // Records made by a clock that was far ahead would keep machines alive until that time.
            tx.truncate_outages(now.plus(MAX_SKEW), now).await?;
        }
        let seen_at = ahead.map_or(now, |ahead| ahead.max(now));
        tx.set_heartbeat_watch(seen_at, seen_at.plus(every * 2)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The current outage, if the database shows one. It ends now.
    fn open_outage(watch: Option<(Timestamp, Timestamp)>, now: Timestamp) -> Option<Outage> {
        let (seen_at, stale_after) = watch?;
        if now > stale_after { Outage::new(seen_at, now) } else { None }
    }
}

impl Service {
    /// Whether outages can matter to these machines: only if one of them seems dead, because an outage can only make
    /// a machine alive again.
    pub(crate) fn may_need_outages(policy: &Policy, machines: &[Machine], now: Timestamp) -> bool {
        machines.iter().any(|machine| machine.heartbeat(policy, now) == HeartbeatStatus::Dead)
    }

    /// The outages that count for these machines, in order.
    pub(crate) async fn outages(
        &self,
        conn: &mut Conn,
        policy: &Policy,
        machines: &[Machine],
        now: Timestamp,
    ) -> Result<Vec<Outage>, Internal> {
        if Self::may_need_outages(policy, machines, now) { Self::all_outages(conn, now).await } else { Ok(Vec::new()) }
    }

    /// All outages, in order.
    pub(crate) async fn all_outages(conn: &mut Conn, now: Timestamp) -> Result<Vec<Outage>, Internal> {
        // In this order, an outage that is recorded between the two reads is in the list. The check below drops the
        // duplicate.
        let open = Self::open_outage(conn.find_heartbeat_watch().await?, now);
        let mut outages = conn.list_outages().await?;
        if outages.last().map(Outage::began_at) != open.map(|open| open.began_at()) {
            outages.extend(open);
        }
        Ok(outages)
    }
}
