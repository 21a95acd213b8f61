//! The state, shared by the pages, the API, the deliveries and the tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::state::State;

#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Never held while waiting.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
