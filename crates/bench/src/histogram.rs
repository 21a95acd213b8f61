//! How long answers took, in buckets that are at most 1/32 wide.

/// Each power of two has this many buckets.
const STEPS: u64 = 32;
/// The number of bits that a step takes.
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Enough for every `u64`.
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
    /// Counts one duration.
    pub(crate) fn record(&mut self, micros: u64) {
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(micros);
    }

    /// Adds the counts of another one.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// How many durations were counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The longest one.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The duration that this share, in thousandths, of all did not exceed; zero without any.
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

/// Below [`STEPS`] each number has a bucket; above, each power of two is cut into as many steps.
fn bucket(micros: u64) -> usize {
    let bucket = if micros < STEPS {
        micros
    } else {
        let shift = micros.ilog2() - STEP_BITS;
        u64::from(shift) * STEPS + (micros >> shift)
    };
    usize::try_from(bucket).unwrap_or(BUCKETS - 1)
}

/// The largest number in a bucket.
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
    fn every_number_is_in_its_bucket_and_no_bucket_is_wide() {
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
    fn quantiles_are_those_of_the_numbers() {
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
    fn merging_is_counting_both() {
        let (mut one, mut two) = (Histogram::default(), Histogram::default());
        (0..99).for_each(|_| one.record(10));
        two.record(5_000);
        one.merge(&two);
        assert_eq!((one.total(), one.max(), one.quantile(990), one.quantile(1_000)), (100, 5_000, 10, 5_000));
    }
}
