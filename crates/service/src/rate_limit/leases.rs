//! Tokens that this process holds of the shared buckets.
//!
//! A bucket is counted in the database, so that it is shared by all processes and survives a restart. To keep
//! that off the path of most requests, a process takes several tokens of a bucket in one write and spends them
//! from memory. A token counts from the instant for which it was taken, as if its request had come then; it
//! lapses when that instant has passed, because from then on the bucket refills without it. So all processes
//! together never let more through than the limit allows.
//!
//! A few tokens may also be spent on credit: where the database was just seen to have them, they are written down
//! with the next batch, and nobody waits. Only in that half second can another process spend the same tokens too;
//! both are counted afterwards, and the bucket then takes as much longer to refill.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use latchkey_licensing::time::Timestamp;
use latchkey_store::BucketDebit;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::rate_limit::{
    bucket::ApiBucket,
    gcra::{Grant, Limit, Throttled},
};

/// What this process knows of one bucket.
#[derive(Debug, Default)]
struct Entry {
    /// The instant for which the next token is, and the end of the last one.
    lease: Option<(Timestamp, Timestamp)>,
    /// Tokens that a lease on its way would bring.
    asked: u32,
    /// Tokens spent and not yet written down, by a bucket of this limit, first at this instant.
    debt: Option<(u32, Timestamp, Limit)>,
    /// The furthest that the bucket is known to have come in the database.
    seen: Option<Timestamp>,
    /// What the bucket stored when it had no token left.
    empty: Option<Timestamp>,
    /// Whether the last round of writing saw nothing to write here.
    is_settled: bool,
    /// Held by the one request that asks the database.
    gate: Arc<AsyncMutex<()>>,
}

/// What memory says about a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spending {
    /// A token was spent.
    Spent,
    /// There is none, and there was none to be had when the database was asked last.
    Refused(Throttled),
    /// The database has to be asked.
    Unknown,
}

/// A lease on its way. Dropped, it asks for nothing any more.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    leases: &'a Leases,
    bucket: ApiBucket,
    /// The tokens that are not written down yet, and when the first of them was spent: the lease pays them.
    pub(crate) debt: Option<(u32, Timestamp)>,
}

impl Asking<'_> {
    /// Keeps what the database granted.
    pub(crate) fn granted(self, grant: Grant) {
        let mut entries = self.leases.entries();
        let entry = entries.entry(self.bucket).or_default();
        let paid = self.debt.map_or(0, |(tokens, _)| tokens);
        // What was spent while the lease was on its way is still owed.
        entry.debt = entry.debt.take().map(|(owed, at, limit)| (owed.saturating_sub(paid), at, limit));
        entry.debt.take_if(|(owed, ..)| *owed == 0);
        entry.is_settled = false;
        entry.seen = Some(grant.next_allowed_at);
        entry.lease = Some((grant.begins_at, grant.next_allowed_at));
        entry.empty = (grant.tokens == 0).then_some(grant.begins_at);
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.leases.entries().get_mut(&self.bucket) {
            entry.asked = 0;
        }
    }
}

/// Debts on their way into the database. Nobody else asks for these buckets meanwhile.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) debits: Vec<BucketDebit>,
    buckets: Vec<(ApiBucket, OwnedMutexGuard<()>)>,
}

/// The leases of a process.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<HashMap<ApiBucket, Entry>>);

impl Leases {
    fn entries(&self) -> MutexGuard<'_, HashMap<ApiBucket, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spends a token from memory, if one is there.
    pub(crate) fn spend(&self, bucket: ApiBucket, limit: Limit, now: Timestamp) -> Spending {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(&bucket) else {
            return Spending::Unknown;
        };
        if let Some((next, end)) = &mut entry.lease {
            let after = (*next).max(now).plus(limit.interval);
            if after <= *end {
                *next = after;
                return Spending::Spent;
            }
        }
        match entry.empty {
            Some(stored) if limit.grant(Some(stored), now, 1).tokens == 0 => {
                Spending::Refused(limit.throttled(Some(stored), now))
            }
            _ => Spending::Unknown,
        }
    }

    /// Spends a token on credit, if the bucket has one beside those that are not written down yet, and if no more
    /// than `most` are not. `stored` is what the database was just seen to store.
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
        // What was read may be older than what this process has written since.
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

    /// What the one request that asks the database for a bucket must hold.
    pub(crate) fn gate(&self, bucket: ApiBucket) -> Arc<AsyncMutex<()>> {
        self.entries().entry(bucket).or_default().gate.clone()
    }

    /// Begins to ask the database for tokens of a bucket. The caller holds its gate.
    pub(crate) fn ask(&self, bucket: ApiBucket, tokens: u32) -> Asking<'_> {
        let mut entries = self.entries();
        let entry = entries.entry(bucket).or_default();
        entry.asked = tokens;
        Asking { leases: self, bucket, debt: entry.debt.map(|(owed, since, _)| (owed, since)) }
    }

    /// Takes every debt whose bucket nobody is asking for, and forgets buckets of which nothing is left to know.
    pub(crate) fn begin_writing(&self, now: Timestamp) -> Writing {
        let mut entries = self.entries();
        let mut writing = Writing { debits: Vec::new(), buckets: Vec::new() };
        entries.retain(|bucket, entry| {
            let Some((tokens, at, limit)) = entry.debt else {
                let has_tokens = entry.lease.is_some_and(|(_, end)| end > now);
                let is_empty = entry.empty.is_some_and(|stored| stored > now);
                // One round longer than its debt: a request that read the bucket before the debt was written
                // must not find it new.
                let was_settled = std::mem::replace(&mut entry.is_settled, true);
                return has_tokens || is_empty || !was_settled || Arc::strong_count(&entry.gate) > 1;
            };
            if let Ok(gate) = entry.gate.clone().try_lock_owned() {
                writing.debits.push(BucketDebit { bucket: bucket.name(), at, cost: limit.interval * tokens });
                writing.buckets.push((*bucket, gate));
            }
            true
        });
        // In one order everywhere, so that two processes cannot wait for each other's rows.
        writing.debits.sort_by(|one, other| one.bucket.cmp(&other.bucket));
        writing
    }

    /// The debts are written down.
    pub(crate) fn written(&self, writing: Writing) {
        let mut entries = self.entries();
        for (bucket, _gate) in writing.buckets {
            if let Some(entry) = entries.get_mut(&bucket) {
                if let Some((tokens, at, limit)) = entry.debt.take() {
                    entry.seen = Some(limit.after(entry.seen, at, tokens));
                }
                entry.is_settled = false;
            }
        }
    }
}
