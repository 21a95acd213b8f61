//! Lookups of licenses by key that arrive at the same time share a statement.
//!
//! A lookup runs at once if few statements are running. Otherwise it waits for one of them to finish, and the
//! next statement answers all that are waiting. So a busy server runs fewer and larger statements, and a lone
//! lookup waits for nothing: there is no timer. A statement begins after its lookups arrived, so each of them sees
//! everything that was committed before it.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use crate::{
    error::{Result, StoreError},
    tables::licenses::license_records::{KeyLookup, KnownLicense, MAX_LOOKUPS},
};

type Answer = Result<Option<KnownLicense>>;

/// The lookups of one store.
#[derive(Debug)]
pub(crate) struct LicenseLookups {
    /// How many statements run at the same time.
    limit: usize,
    /// The longest that a statement may run, and the longest that a lookup waits for its answer.
    patience: Duration,
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
    caller: oneshot::Sender<Answer>,
}

impl LicenseLookups {
    pub(crate) fn new(limit: usize, patience: Duration) -> Self {
        Self { limit, patience, queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the caller must run a statement for the lookups that are waiting.
    fn enqueue(&self, lookup: Waiting) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(lookup);
        let starts = queue.running < self.limit;
        if starts {
            queue.running += 1;
        }
        starts
    }

    /// Answers one lookup. `read` runs a statement for several, with an answer for each in their order. It runs
    /// in a task of its own: if the future of this lookup is dropped, the others get their answers.
    pub(crate) async fn find<R, F>(self: &Arc<Self>, lookup: KeyLookup, runtime: &Handle, read: R) -> Answer
    where
        R: Fn(Vec<KeyLookup>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Vec<Answer>>> + Send,
    {
        let (caller, answer) = oneshot::channel();
        if self.enqueue(Waiting { lookup, caller }) {
            let run = Run { lookups: Arc::clone(self), is_counted: true };
            runtime.spawn(async move { run.answer_all(read).await });
        }
        match timeout(self.patience, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(unanswered()),
            Err(_) => Err(StoreError::Busy),
        }
    }
}

/// The error of a lookup whose run ended without an answer.
fn unanswered() -> StoreError {
    StoreError::from(sqlx::Error::WorkerCrashed)
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
        F: Future<Output = Result<Vec<Answer>>>,
    {
        while let Some((lookups, callers)) = self.next() {
            let answers = answers(lookups, &read, self.lookups.patience).await;
            for (answer, callers) in answers.into_iter().zip(callers) {
                for caller in callers {
                    // A caller that is gone needs no answer.
                    let _ = caller.send(answer.clone());
                }
            }
        }
    }

    /// The lookups for the next statement, each with those who wait for its answer. Without any, the run is over,
    /// and the next lookup starts another.
    #[expect(clippy::type_complexity, reason = "two lists of the same length")]
    fn next(&mut self) -> Option<(Vec<KeyLookup>, Vec<Vec<oneshot::Sender<Answer>>>)> {
        let mut queue = self.lookups.queue();
        let mut batch: Vec<(KeyLookup, Vec<_>)> = Vec::new();
        for waiting in mem::take(&mut queue.waiting) {
            let Waiting { lookup, caller } = waiting;
            if caller.is_closed() {
                continue;
            }
            if let Some((_, callers)) = batch.iter_mut().find(|(other, _)| *other == lookup) {
                callers.push(caller);
            } else if batch.len() < MAX_LOOKUPS {
                batch.push((lookup, vec![caller]));
            } else {
                queue.waiting.push_back(Waiting { lookup, caller });
            }
        }
        if batch.is_empty() {
            queue.running -= 1;
            drop(queue);
            self.is_counted = false;
            return None;
        }
        Some(batch.into_iter().unzip())
    }
}

impl Drop for Run {
    /// After a panic, or if its runtime has ended.
    fn drop(&mut self) {
        if !self.is_counted {
            return;
        }
        let mut queue = self.lookups.queue();
        queue.running -= 1;
        // Nobody else would answer them.
        let abandoned = if queue.running == 0 { mem::take(&mut queue.waiting) } else { VecDeque::new() };
        drop(queue);
        drop(abandoned);
    }
}

/// The answers to lookups, in their order.
async fn answers<R, F>(lookups: Vec<KeyLookup>, read: &R, patience: Duration) -> Vec<Answer>
where
    R: Fn(Vec<KeyLookup>) -> F,
    F: Future<Output = Result<Vec<Answer>>>,
{
    let limited = async |lookups| timeout(patience, read(lookups)).await.unwrap_or(Err(StoreError::Busy));
    let mut answers = match limited(lookups.clone()).await {
        Ok(answers) => answers,
        // One lookup may have failed the statement, so they are repeated one by one. A busy database is left alone.
        Err(error) if lookups.len() > 1 && !matches!(error, StoreError::Busy) => {
            let mut answers = Vec::with_capacity(lookups.len());
            for lookup in &lookups {
                match limited(vec![lookup.clone()]).await {
                    Ok(answer) => answers.push(answer.into_iter().next().unwrap_or_else(|| Err(unanswered()))),
                    Err(StoreError::Busy) => break,
                    Err(error) => answers.push(Err(error)),
                }
            }
            answers.resize_with(lookups.len(), || Err(StoreError::Busy));
            answers
        }
        Err(error) => vec![Err(error); lookups.len()],
    };
    answers.resize_with(lookups.len(), || Err(unanswered()));
    answers
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    fn by_key(key: u8) -> KeyLookup {
        KeyLookup { key_lookup: [key; 32], bucket: String::new(), with_machines: true }
    }

    fn lookups(limit: usize, patience_ms: u64) -> Arc<LicenseLookups> {
        Arc::new(LicenseLookups::new(limit, Duration::from_millis(patience_ms)))
    }

    fn none_found(lookups: &[KeyLookup]) -> Vec<Answer> {
        lookups.iter().map(|_| Ok(None)).collect()
    }

    #[tokio::test]
    async fn equal_lookups_are_made_once() {
        let (lookups, handle) = (lookups(1, 10_000), Handle::current());
        let made = Arc::new(AtomicUsize::new(0));
        let found = join_all((0..90).map(|n| {
            let made = Arc::clone(&made);
            lookups.find(by_key(n % 3), &handle, move |lookups| {
                made.fetch_add(lookups.len(), Ordering::SeqCst);
                async move { Ok(none_found(&lookups)) }
            })
        }))
        .await;
        assert!(found.iter().all(|found| matches!(found, Ok(None))), "{found:?}");
        assert_eq!(made.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_failure_is_reported_only_to_its_lookup() {
        let (lookups, handle) = (lookups(1, 10_000), Handle::current());
        let found = join_all((0..30).map(|n| {
            lookups.find(by_key(n), &handle, |lookups: Vec<KeyLookup>| async move {
                if lookups.contains(&by_key(7)) { Err(StoreError::Aborted) } else { Ok(none_found(&lookups)) }
            })
        }))
        .await;
        for (n, found) in found.iter().enumerate() {
            assert_eq!(matches!(found, Err(StoreError::Aborted)), n == 7, "{n}: {found:?}");
            assert_eq!(matches!(found, Ok(None)), n != 7, "{n}: {found:?}");
        }
    }

    /// One that hangs is given up, and so are those that waited for it. Later ones are answered.
    #[tokio::test]
    async fn a_statement_that_hangs_is_given_up() {
        let (lookups, handle) = (lookups(1, 50), Handle::current());
        let hangs = Arc::new(AtomicBool::new(true));
        let find = || {
            let hangs = Arc::clone(&hangs);
            lookups.find(by_key(1), &handle, move |lookups| {
                let hangs = hangs.load(Ordering::SeqCst);
                async move { if hangs { std::future::pending().await } else { Ok(none_found(&lookups)) } }
            })
        };
        let found = join_all([find(), find()]).await;
        assert!(found.iter().all(|found| matches!(found, Err(StoreError::Busy))), "{found:?}");
        hangs.store(false, Ordering::SeqCst);
        let answered = timeout(Duration::from_secs(10), async { while !matches!(find().await, Ok(None)) {} });
        answered.await.expect("later lookups are answered");
        while lookups.queue().running > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_leaves_nobody_waiting() {
        let (lookups, handle) = (lookups(1, 60_000), Handle::current());
        let find = |panics: bool| {
            lookups.find(by_key(u8::from(panics)), &handle, move |lookups| async move {
                assert!(!panics, "as the test wants");
                Ok(none_found(&lookups))
            })
        };
        let found = join_all([find(true), find(true), find(true)]).await;
        assert!(found.iter().all(Result::is_err), "{found:?}");
        assert!(matches!(find(false).await, Ok(None)));
    }

    #[tokio::test]
    async fn a_missing_answer_is_an_error() {
        let handle = Handle::current();
        let found = lookups(1, 10_000).find(by_key(1), &handle, |_| async { Ok(Vec::new()) }).await;
        assert!(found.is_err(), "{found:?}");
    }
}
