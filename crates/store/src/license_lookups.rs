//! Lookups of licenses by key that arrive at the same time share a statement.
//!
//! A lookup runs at once if few statements are running. Otherwise it waits for one of them to finish, and the
//! next statement answers all that are waiting. So a busy server runs fewer and larger statements, and a lone
//! lookup waits for nothing: there is no timer. A statement begins after its lookups arrived, so each of them sees
//! everything that was committed before it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    error::{Result, StoreError},
    tables::licenses::license_records::{KeyLookup, KnownLicense, MAX_LOOKUPS},
};

/// The lookups of one store.
#[derive(Debug)]
pub(crate) struct LicenseLookups {
    /// How many statements run at the same time.
    limit: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    running: usize,
}

#[derive(Debug)]
struct Waiting {
    lookup: KeyLookup,
    answer: oneshot::Sender<Result<Option<KnownLicense>>>,
}

impl LicenseLookups {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, queue: Mutex::default() }
    }

    /// Whether the caller has to run a statement for what is waiting.
    fn enqueue(&self, lookup: Waiting) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(lookup);
        let starts = queue.running < self.limit;
        if starts {
            queue.running += 1;
        }
        starts
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one lookup. `read` runs a statement for several, with an answer for each in their order. It runs
    /// in a task of its own: if the future of this lookup is dropped, the others get their answers.
    pub(crate) async fn find<R, F>(
        self: &Arc<Self>,
        lookup: KeyLookup,
        runtime: &Handle,
        read: R,
    ) -> Result<Option<KnownLicense>>
    where
        R: Fn(Vec<KeyLookup>) -> F + Send + 'static,
        F: Future<Output = Result<Vec<Result<Option<KnownLicense>>>>> + Send,
    {
        let (answer, answered) = oneshot::channel();
        if self.enqueue(Waiting { lookup, answer }) {
            let run = Run { lookups: Arc::clone(self), is_counted: true };
            runtime.spawn(async move { run.answer_all(read).await });
        }
        // The sender is dropped without an answer only if the task panicked.
        answered.await.unwrap_or_else(|_| Err(StoreError::from(sqlx::Error::WorkerCrashed)))
    }
}

/// One of the running statements and those that follow it.
struct Run {
    lookups: Arc<LicenseLookups>,
    /// Whether the queue counts it as running.
    is_counted: bool,
}

impl Run {
    async fn answer_all<R, F>(mut self, read: R)
    where
        R: Fn(Vec<KeyLookup>) -> F,
        F: Future<Output = Result<Vec<Result<Option<KnownLicense>>>>>,
    {
        while let Some((lookups, senders)) = self.next() {
            let mut answers = read(lookups).await.map(Vec::into_iter);
            for sender in senders {
                let answer = match &mut answers {
                    Ok(answers) => answers.next().unwrap_or(Ok(None)),
                    Err(error) => Err(error.clone()),
                };
                // A caller that is gone needs no answer.
                let _ = sender.send(answer);
            }
        }
    }

    /// The lookups for the next statement. If there are none, the run is over, and the next lookup starts another.
    #[expect(clippy::type_complexity, reason = "two lists of the same length")]
    fn next(&mut self) -> Option<(Vec<KeyLookup>, Vec<oneshot::Sender<Result<Option<KnownLicense>>>>)> {
        let mut queue = self.lookups.queue();
        // Those whose callers are gone are left out.
        queue.waiting.retain(|waiting| !waiting.answer.is_closed());
        let count = queue.waiting.len().min(MAX_LOOKUPS);
        if count == 0 {
            queue.running -= 1;
            drop(queue);
            self.is_counted = false;
            return None;
        }
        Some(queue.waiting.drain(..count).map(|waiting| (waiting.lookup, waiting.answer)).unzip())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.is_counted {
            self.lookups.queue().running -= 1;
        }
    }
}
