//! Random bytes that are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use latchkey_service::{Entropy, ports::EntropyUnavailable};
use sha2::{Digest, Sha256};

/// SHA-256 of a seed and a counter: predictable, and never repeated.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
}

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        for block in bytes.chunks_mut(32) {
            let count = self.counter.fetch_add(1, Ordering::SeqCst);
            let hash = Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(count.to_le_bytes()).finalize();
            for (byte, value) in block.iter_mut().zip(hash) {
                *byte = value;
            }
        }
        Ok(())
    }
}
