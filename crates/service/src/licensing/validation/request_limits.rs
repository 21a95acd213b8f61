//! Rate limits of the activation API (LC-13), for each license key and for each network. They are stored in the
//! database and shared by all instances.

use std::{net::IpAddr, time::Duration};

use latchkey_licensing::time::Timestamp;
use latchkey_store::StoreError;

use crate::{
    error::Internal,
    operation::rate_limit::{
        bucket::{ApiBucket, Network},
        gcra::{Limit, Throttled},
        leases::SpendResult,
    },
    service::Service,
};

/// The number of parts that a burst is divided into. A process may spend one part on credit before it is written.
const CREDIT_PER_BURST: u32 = 8;

/// How long a request waits for a lease while the database is busy.
const LEASE_PATIENCE: Duration = Duration::from_millis(250);

/// How long a request waits for a lease that its answer depends on.
const LEASE_DEADLINE: Duration = Duration::from_secs(8);

/// The number of leases that a burst is divided into, so that no process can hold all tokens of a bucket.
const LEASES_PER_BURST: u32 = 4;

impl Service {
    /// Spends a token from memory, if possible. `limit` is `None` if there is none.
    pub(crate) fn spend_from_memory(&self, bucket: ApiBucket, limit: Option<Limit>, now: Timestamp) -> SpendResult {
        limit.map_or(SpendResult::Spent, |limit| self.0.leases.spend(bucket, limit, now))
    }

    /// Counts a request against a bucket, for which the database has just returned `stored`.
    pub(crate) async fn spend_known(
        &self,
        bucket: ApiBucket,
        limit: Option<Limit>,
        stored: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Throttled>, Internal> {
        let Some(limit) = limit else {
            return Ok(None);
        };
        if self.0.leases.spend_on_credit(bucket, limit, stored, now, (limit.burst / CREDIT_PER_BURST).max(1)) {
            self.0.write_behind.wake();
            return Ok(None);
        }
        self.spend(bucket, Some(limit), now).await
    }

    /// Counts a request against a bucket. Asks the database if this process has no tokens.
    pub(crate) async fn spend(
        &self,
        bucket: ApiBucket,
        limit: Option<Limit>,
        now: Timestamp,
    ) -> Result<Option<Throttled>, Internal> {
        let Some(limit) = limit else {
            return Ok(None);
        };
        match self.0.leases.spend(bucket, limit, now) {
            SpendResult::Spent => return Ok(None),
            SpendResult::Refused(throttled) => return Ok(Some(throttled)),
            SpendResult::Unknown => {}
        }
        match tokio::time::timeout(LEASE_PATIENCE, self.spend_leased(bucket, limit, now)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if !Internal::is_unavailable(&error) => Err(error),
            Ok(Err(_)) | Err(_) => self.spend_unleased(bucket, limit, now).await,
        }
    }

    /// Counts a request after taking a lease, unless another request takes one first.
    async fn spend_leased(
        &self,
        bucket: ApiBucket,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Option<Throttled>, Internal> {
        loop {
            let alone = self.0.leases.gate(bucket).lock_owned().await;
            // Another request may have taken a lease in the meantime.
            match self.0.leases.spend(bucket, limit, now) {
                SpendResult::Spent => return Ok(None),
                SpendResult::Refused(throttled) => return Ok(Some(throttled)),
                SpendResult::Unknown => {}
            }
            // In a task of its own: a lease that is committed must be known even if this request no longer waits.
            // Before this request spends a token of it, others may have spent them all.
            let service = self.clone();
            let lease = tokio::spawn(async move {
                let _alone = alone;
                service.take_lease(bucket, limit, now).await
            });
            lease.await.map_err(|_| Internal::Invariant("taking a lease panicked"))??;
        }
    }

    /// Counts a request while the database is too busy to write, based on what it stores. Tokens that this process is
    /// asking for are not there to be spent on credit, but they are no reason to refuse a request either, so it waits.
    async fn spend_unleased(
        &self,
        bucket: ApiBucket,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Option<Throttled>, Internal> {
        let deadline = tokio::time::Instant::now() + LEASE_DEADLINE;
        loop {
            let stored = self.store().read_without_snapshot().await?.find_bucket(&bucket.name()).await?;
            if self.0.leases.spend_on_credit(bucket, limit, stored, now, limit.burst) {
                self.0.write_behind.wake();
                return Ok(None);
            }
            // The lease may have been granted since.
            match self.0.leases.spend(bucket, limit, now) {
                SpendResult::Spent => return Ok(None),
                SpendResult::Refused(throttled) => return Ok(Some(throttled)),
                SpendResult::Unknown => {}
            }
            if !self.0.leases.is_asking(bucket) {
                return Ok(Some(limit.throttled(stored, now)));
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(StoreError::Busy.into());
            }
            match tokio::time::timeout_at(deadline, self.spend_leased(bucket, limit, now)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if !Internal::is_unavailable(&error) => return Err(error),
                // Nothing was leased, so all tokens can be spent on credit.
                Ok(Err(_)) => {}
                Err(_) => return Err(StoreError::Busy.into()),
            }
        }
    }

    /// Takes some of a bucket's tokens for this process in one transaction.
    async fn take_lease(&self, bucket: ApiBucket, limit: Limit, now: Timestamp) -> Result<(), Internal> {
        let wanted = (limit.burst / LEASES_PER_BURST).max(1);
        let asking = self.0.leases.ask(bucket, wanted);
        let name = bucket.name();
        let mut tx = self.store().write().await?;
        let mut stored = Some(tx.lock_bucket(&name).await?);
        if let Some((tokens, at)) = asking.debt {
            stored = Some(limit.after(stored, at, tokens));
        }
        let grant = limit.grant(stored, now, wanted);
        if grant.tokens > 0 || asking.debt.is_some() {
            tx.set_bucket(&name, grant.next_allowed_at).await?;
            tx.commit().await?;
        }
        asking.granted(grant);
        Ok(())
    }

    /// Counts a request without a known license key against its network's limit.
    pub async fn count_network_request(&self, network: Option<IpAddr>) -> Result<Option<Throttled>, Internal> {
        let Some(network) = network else {
            return Ok(None);
        };
        let bucket = ApiBucket::Network(Network::from(network));
        self.spend(bucket, self.0.options.api_limits.per_network.limit(), self.now()).await
    }
}
