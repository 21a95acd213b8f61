//! What every use case works with: the database, the time, randomness and the vault. There is this much before
//! the database is claimed and has a signing key.

use std::sync::Arc;

use latchkey_licensing::time::Timestamp;
use latchkey_store::Store;

use crate::{
    error::Internal,
    ports::{Clock, Entropy},
    vault::Vault,
};

/// What every use case works with.
#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) vault: Vault,
}

impl Resources {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Internal> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }
}
