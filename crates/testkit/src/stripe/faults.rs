//! Faults of API calls on demand, and the number of calls.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::watch;

/// What a call gets instead of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, before anything is done.
    TooManyRequests,
    /// 500, before anything is done.
    ServerError,
    /// The call is done, after this time.
    Slow(Duration),
    /// The call is done, but the connection is cut in the middle of the answer.
    Cut,
    /// The call is done, but the answer is not JSON.
    Malformed,
    /// The call is done, but the answer is a JSON object of more than 10 MB.
    Giant,
    /// The call is done, but the answer, which says what was true at that moment, is held until calls are resumed. Only
    /// for calls that read.
    Paused,
}

#[derive(Debug)]
struct Planned {
    prefix: String,
    fault: Fault,
    /// The number of matching calls that are spared.
    skip: u32,
    count: u32,
}

/// Calls whose answers are held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paused {
    /// How many were held since the last time that they were resumed.
    pub(crate) count: u64,
    /// How often calls were resumed.
    pub(crate) resumed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<Planned>,
    calls: BTreeMap<String, u64>,
    paused: watch::Sender<Paused>,
}

impl Faults {
    /// The next `count` calls whose path starts with the prefix get the fault.
    pub(crate) fn plan(&mut self, prefix: &str, fault: Fault, count: u32) {
        self.planned.push(Planned { prefix: prefix.to_owned(), fault, skip: 0, count });
    }

    /// The answer of the `nth` call from now that reads something whose path starts with the prefix is held.
    pub(crate) fn plan_pause(&mut self, prefix: &str, nth: u32) {
        let skip = nth.saturating_sub(1);
        self.planned.push(Planned { prefix: prefix.to_owned(), fault: Fault::Paused, skip, count: 1 });
    }

    /// Counts a held answer. It is sent when [`Paused::resumed`] changes.
    pub(crate) fn pause(&self) -> watch::Receiver<Paused> {
        self.paused.send_modify(|paused| paused.count += 1);
        self.paused.subscribe()
    }

    pub(crate) fn paused(&self) -> watch::Receiver<Paused> {
        self.paused.subscribe()
    }

    /// Sends all answers that are held, and plans no further pauses.
    pub(crate) fn resume(&mut self) {
        self.planned.retain(|one| one.fault != Fault::Paused);
        self.paused.send_modify(|paused| *paused = Paused { count: 0, resumed: paused.resumed + 1 });
    }

    pub(crate) fn clear(&mut self) {
        self.planned.clear();
    }

    /// Counts a call, and returns the fault that it gets.
    pub(crate) fn count(&mut self, method: &str, path: &str) -> Option<Fault> {
        *self.calls.entry(format!("{method} {path}")).or_default() += 1;
        let matches = |one: &&mut Planned| {
            one.count > 0 && path.starts_with(&one.prefix) && (one.fault != Fault::Paused || method == "GET")
        };
        let planned = self.planned.iter_mut().find(matches)?;
        if planned.skip > 0 {
            planned.skip -= 1;
            return None;
        }
        planned.count -= 1;
        Some(planned.fault)
    }

    /// The number of calls of each method and path.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.clone()
    }
}
