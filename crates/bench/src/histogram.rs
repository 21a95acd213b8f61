//! A histogram of response times, in buckets with a relative width of at most 1/32.

/// The number of buckets for each power of two.
const STEPS: u64 = 32;
/// The number of bits in a step.
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Enough for any `u64`.
const BUCKETS: usize = 64 * 32;

/// Counts of durations in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, micros: u64) {
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(micros);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The duration that this fraction of all durations, in thousandths, did not exceed. Zero if there are
    /// none.
    pub(crate) fn quantile(&self, thousandths: u64) -> u64 {
        let rank = (self.total * thousandths).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_edge(at).min(self.max);
            }
        }
        self.max
    }
}

/// Each number below [`STEPS`] has its own bucket. Above, each power of two is divided into that many steps.
fn bucket(micros: u64) -> usize {
    let bucket = if micros < STEPS {
        micros
    } else {
        let shift = micros.ilog2() - STEP_BITS;
        u64::from(shift) * STEPS + (micros >> shift)
    };
    usize::try_from(bucket).unwrap_or(BUCKETS - 1)
}

fn upper_edge(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let step = bucket % STEPS + STEPS;
    ((step + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_falls_into_a_narrow_bucket() {
        let mut last = 0;
        for micros in (0..100_000).chain([1 << 30, (1 << 40) + 12_345, u64::MAX >> 8]) {
            let at = bucket(micros);
            assert!(at >= last, "{micros}");
            last = at;
            let edge = upper_edge(at);
            assert!(micros <= edge && edge - micros <= micros / 32, "{micros} in a bucket up to {edge}");
            assert_ne!(bucket(edge + 1), at, "{micros}");
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_are_close_to_the_exact_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(990), 0);
        (1..=1_000).for_each(|micros| histogram.record(micros));
        for (thousandths, exact) in [(1, 1), (500, 500), (990, 990), (1_000, 1_000)] {
            let found = histogram.quantile(thousandths);
            assert!(found >= exact && found - exact <= exact / 32 + 1, "{thousandths}: {found}");
        }
        assert_eq!((histogram.total(), histogram.max()), (1_000, 1_000));
    }

    #[test]
    fn merging_adds_the_counts() {
        let (mut one, mut two) = (Histogram::default(), Histogram::default());
        (0..99).for_each(|_| one.record(10));
        two.record(5_000);
        one.merge(&two);
        assert_eq!((one.total(), one.max(), one.quantile(990), one.quantile(1_000)), (100, 5_000, 10, 5_000));
    }
}
