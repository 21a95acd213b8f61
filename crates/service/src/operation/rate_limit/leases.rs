//! Tokens of the shared buckets that this process holds.
//!
//! Buckets are counted in the database, so that all processes share them and they survive a restart. So that most
//! requests need no write, a process takes several tokens of a bucket at once, as a lease, and spends them from memory.
//! Each token of a lease is for a certain instant, as if its request had come then, and lapses once that instant has
//! passed, because from then on the bucket refills without it. So all processes together never exceed the limit.
//!
//! A few tokens may also be spent on credit. If the database has just shown that there are tokens, they are written
//! with the next batch, and the request does not wait. Another process can spend the same tokens only within that half
//! second. Both are counted afterwards, and the bucket takes correspondingly longer to refill.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use latchkey_licensing::time::Timestamp;
use latchkey_store::BucketDebit;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::operation::rate_limit::{
    bucket::ApiBucket,
    gcra::{Grant, Limit, Throttled},
};

/// What this process knows about one bucket.
#[derive(Debug, Default)]
struct Entry {
    /// The instant that the next token is for, and the instant at which the last token lapses.
    lease: Option<(Timestamp, Timestamp)>,
    /// The number of tokens that a pending request for a lease asks for.
    asked: u32,
    /// The number of tokens that were spent on credit, the instant of the first, and the limit of the bucket.
    debt: Option<(u32, Timestamp, Limit)>,
    /// The latest state of the bucket in the database that is known.
    seen: Option<Timestamp>,
    /// The state of the bucket when it had no token left.
    empty: Option<Timestamp>,
    /// Whether there was nothing to write in the last round.
    is_settled: bool,
    /// Held by the request that asks the database. Only one may ask at a time.
    gate: Arc<AsyncMutex<()>>,
}

/// The result of spending a token from memory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SpendResult {
    /// A token was spent.
    Spent,
    /// There is no token in memory, and the database had none when it was last asked.
    Refused(Throttled),
    /// The database must be asked.
    Unknown,
}

/// A pending request for a lease. Dropping it cancels the request.
#[derive(Debug)]
pub(crate) struct LeaseRequest<'a> {
    leases: &'a Leases,
    bucket: ApiBucket,
    /// The number of tokens that were spent on credit, and the instant of the first. The request for the lease also
    /// writes them.
    pub(crate) debt: Option<(u32, Timestamp)>,
}

impl LeaseRequest<'_> {
    /// Stores what the database granted.
    pub(crate) fn granted(self, grant: Grant) {
        let mut entries = self.leases.entries();
        let entry = entries.entry(self.bucket).or_default();
        let paid = self.debt.map_or(0, |(tokens, _)| tokens);
        // Tokens that were spent on credit since the request was made are still to be written.
        entry.debt = entry.debt.take().map(|(owed, at, limit)| (owed.saturating_sub(paid), at, limit));
        entry.debt.take_if(|(owed, ..)| *owed == 0);
        entry.is_settled = false;
        entry.seen = Some(grant.next_allowed_at);
        entry.lease = Some((grant.begins_at, grant.next_allowed_at));
        entry.empty = (grant.tokens == 0).then_some(grant.begins_at);
    }
}

impl Drop for LeaseRequest<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.leases.entries().get_mut(&self.bucket) {
            entry.asked = 0;
        }
    }
}

/// Credit that is being written to the database. No other request asks for these buckets in the meantime.
#[derive(Debug)]
pub(crate) struct CreditBatch {
    pub(crate) debits: Vec<BucketDebit>,
    /// The buckets with the numbers of tokens that are written.
    buckets: Vec<(ApiBucket, u32, OwnedMutexGuard<()>)>,
}

/// The leases of a process.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<HashMap<ApiBucket, Entry>>);

impl Leases {
    fn entries(&self) -> MutexGuard<'_, HashMap<ApiBucket, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spends a token from memory, if there is one.
    pub(crate) fn spend(&self, bucket: ApiBucket, limit: Limit, now: Timestamp) -> SpendResult {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(&bucket) else {
            return SpendResult::Unknown;
        };
        if let Some((next, end)) = &mut entry.lease {
            let after = (*next).max(now).plus(limit.interval);
            if after <= *end {
                *next = after;
                return SpendResult::Spent;
            }
        }
        match entry.empty {
            Some(stored) if limit.grant(Some(stored), now, 1).tokens == 0 => {
                SpendResult::Refused(limit.throttled(Some(stored), now))
            }
            _ => SpendResult::Unknown,
        }
    }

    /// Spends a token on credit, if the bucket has one in addition to those that are not written yet, and if fewer than
    /// `most` are not. `stored` is the state that the database has just returned.
    pub(crate) fn spend_on_credit(
        &self,
        bucket: ApiBucket,
        limit: Limit,
        stored: Option<Timestamp>,
        now: Timestamp,
        most: u32,
    ) -> bool {
        let mut entries = self.entries();
        let entry = entries.entry(bucket).or_default();
        let (owed, since) = entry.debt.map_or((0, now), |(owed, since, _)| (owed, since));
        // The state that was read may be older than what this process has written since.
        entry.seen = entry.seen.max(stored);
        let gone = owed + entry.asked;
        let known = if gone > 0 { Some(limit.after(entry.seen, since, gone)) } else { entry.seen };
        let left = limit.grant(known, now, 1);
        if owed >= most || left.tokens == 0 {
            return false;
        }
        entry.debt = Some((owed + 1, since, limit));
        entry.is_settled = false;
        true
    }

    /// The lock that a request must hold to ask the database for tokens of a bucket.
    pub(crate) fn gate(&self, bucket: ApiBucket) -> Arc<AsyncMutex<()>> {
        self.entries().entry(bucket).or_default().gate.clone()
    }

    /// Whether a request for tokens of a bucket is pending.
    pub(crate) fn is_asking(&self, bucket: ApiBucket) -> bool {
        self.entries().get(&bucket).is_some_and(|entry| entry.asked > 0)
    }

    /// Starts a request for tokens of a bucket. The caller must hold its gate.
    pub(crate) fn ask(&self, bucket: ApiBucket, tokens: u32) -> LeaseRequest<'_> {
        let mut entries = self.entries();
        let entry = entries.entry(bucket).or_default();
        entry.asked = tokens;
        LeaseRequest { leases: self, bucket, debt: entry.debt.map(|(owed, since, _)| (owed, since)) }
    }

    /// Takes the credit of all buckets that no request is asking for, and forgets buckets whose state does not matter
    /// any more.
    pub(crate) fn begin_writing(&self, now: Timestamp) -> CreditBatch {
        let mut entries = self.entries();
        let mut writing = CreditBatch { debits: Vec::new(), buckets: Vec::new() };
        entries.retain(|bucket, entry| {
            let Some((tokens, at, limit)) = entry.debt else {
                let has_tokens = entry.lease.is_some_and(|(_, end)| end > now);
                let is_empty = entry.empty.is_some_and(|stored| stored > now);
                // The entry is kept for one round after its credit was written: a request that read the bucket
                // before that must still find it.
                let was_settled = std::mem::replace(&mut entry.is_settled, true);
                return has_tokens || is_empty || !was_settled || Arc::strong_count(&entry.gate) > 1;
            };
            if let Ok(gate) = entry.gate.clone().try_lock_owned() {
                writing.debits.push(BucketDebit { bucket: bucket.name(), at, cost: limit.interval * tokens });
                writing.buckets.push((*bucket, tokens, gate));
            }
            true
        });
        // In the same order in all processes, so that they cannot deadlock.
        writing.debits.sort_by(|one, other| one.bucket.cmp(&other.bucket));
        writing
    }

    /// Records that the credit has been written.
    pub(crate) fn written(&self, writing: CreditBatch) {
        let mut entries = self.entries();
        for (bucket, written, _gate) in writing.buckets {
            if let Some(entry) = entries.get_mut(&bucket) {
                if let Some((owed, at, limit)) = entry.debt.take() {
                    entry.seen = Some(limit.after(entry.seen, at, written));
                    // Tokens that were spent on credit since the writing began are still to be written.
                    let left = owed.saturating_sub(written);
                    entry.debt = (left > 0).then_some((left, at, limit));
                }
                entry.is_settled = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn credit_that_is_spent_while_credit_is_written_is_written_next() {
        let leases = Leases::default();
        let bucket = ApiBucket::of_key(&[7; 32]);
        let limit = Limit { burst: 40, interval: Duration::from_mins(1) };
        let now = Timestamp::from_unix_micros(1_800_000_000_000_000);
        let spend = || assert!(leases.spend_on_credit(bucket, limit, None, now, limit.burst));
        (0..2).for_each(|_| spend());
        let writing = leases.begin_writing(now);
        assert_eq!(writing.debits.iter().map(|debit| debit.cost).collect::<Vec<_>>(), [limit.interval * 2]);
        spend();
        leases.written(writing);
        let rest = leases.begin_writing(now);
        assert_eq!(rest.debits.iter().map(|debit| debit.cost).collect::<Vec<_>>(), [limit.interval]);
    }
}
