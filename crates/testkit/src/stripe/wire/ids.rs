//! Ids and secrets that look like Stripe's and are the same in every run with the same seed.

use sha2::{Digest, Sha256};

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    counter: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }

    /// A prefix and `length` letters and digits.
    pub(crate) fn next(&mut self, prefix: &str, length: usize) -> String {
        let mut id = prefix.to_owned();
        while id.len() < prefix.len() + length {
            self.counter += 1;
            let hash =
                Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(self.counter.to_le_bytes()).finalize();
            for byte in hash {
                let letter = LETTERS.get(usize::from(byte) % LETTERS.len()).copied().unwrap_or(b'0');
                id.push(char::from(letter));
            }
        }
        id.truncate(prefix.len() + length);
        id
    }

    /// A number below `limit`, for the order of deliveries.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let text = self.next("", 8);
        let number = text.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        number % limit.max(1)
    }
}
