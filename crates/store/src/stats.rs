//! Statistics: how often each method was called, how long the calls took, and how many transactions began and were
//! committed. Counting takes no lock and does not allocate.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The upper bounds of the duration buckets, in microseconds. A last bucket counts anything longer.
pub const DURATION_BOUNDS_US: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// How long the calls of one method took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryStats {
    pub table: &'static str,
    pub method: &'static str,
    pub total: Duration,
    /// The number of calls for each bound of [`DURATION_BOUNDS_US`] that took at most this long and longer
    /// than the previous bound. The last counts calls longer than all bounds.
    pub buckets: [u64; 15],
}

impl QueryStats {
    /// The number of calls.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// Counts of what the database did since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls of query methods.
    pub statements: u64,
    /// Write transactions begun. Transactions that share one count once.
    pub begins: u64,
    /// Write transactions committed. Transactions that share one count once.
    pub commits: u64,
    /// Snapshots taken by readers.
    pub snapshots: u64,
}

/// A method that runs a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Method {
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; 15],
    total_us: AtomicU64,
}

impl Histogram {
    fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let index = DURATION_BOUNDS_US.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(index) {
            bucket.fetch_add(1, Relaxed);
        }
        self.total_us.fetch_add(micros, Relaxed);
    }

    fn report(&self, method: Method) -> QueryStats {
        QueryStats {
            table: method.table,
            method: method.name,
            total: Duration::from_micros(self.total_us.load(Relaxed)),
            buckets: self.buckets.each_ref().map(|bucket| bucket.load(Relaxed)),
        }
    }
}

/// How long the calls of each method took.
#[derive(Debug)]
struct Timings(HashMap<Method, Histogram>);

impl Timings {
    fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        Self(methods.into_iter().map(|method| (method, Histogram::default())).collect())
    }

    fn record(&self, method: Method, took: Duration) {
        if let Some(histogram) = self.0.get(&method) {
            histogram.record(took);
        }
    }

    fn report(&self) -> Vec<QueryStats> {
        let mut report: Vec<_> = self.0.iter().map(|(method, histogram)| histogram.report(*method)).collect();
        report.sort_by_key(|stats| (stats.table, stats.method));
        report
    }
}

#[derive(Debug)]
pub(crate) struct Stats {
    timings: Timings,
    pub(crate) statements: AtomicU64,
    pub(crate) begins: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) snapshots: AtomicU64,
}

impl Stats {
    /// Statistics of these methods. Other methods are not timed.
    pub(crate) fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        Self {
            timings: Timings::new(methods),
            statements: AtomicU64::default(),
            begins: AtomicU64::default(),
            commits: AtomicU64::default(),
            snapshots: AtomicU64::default(),
        }
    }

    pub(crate) fn record(&self, method: Method, took: Duration) {
        self.timings.record(method, took);
    }

    pub(crate) fn query_stats(&self) -> Vec<QueryStats> {
        self.timings.report()
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            statements: self.statements.load(Relaxed),
            begins: self.begins.load(Relaxed),
            commits: self.commits.load(Relaxed),
            snapshots: self.snapshots.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_their_bucket() {
        let histogram = Histogram::default();
        for micros in [0, 50, 51, 5_000_000, 5_000_001] {
            histogram.record(Duration::from_micros(micros));
        }
        let report = histogram.report(Method { table: "t", name: "m" });
        assert_eq!(report.buckets, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!((report.count(), report.total), (5, Duration::from_micros(10_000_102)));
    }
}
