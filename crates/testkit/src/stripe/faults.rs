//! Faults of API calls on demand, and the number of calls.

use std::{collections::BTreeMap, time::Duration};

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
}

#[derive(Debug)]
struct Planned {
    prefix: String,
    fault: Fault,
    count: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<Planned>,
    calls: BTreeMap<String, u64>,
}

impl Faults {
    /// The next `count` calls whose path starts with the prefix get the fault.
    pub(crate) fn plan(&mut self, prefix: &str, fault: Fault, count: u32) {
        self.planned.push(Planned { prefix: prefix.to_owned(), fault, count });
    }

    pub(crate) fn clear(&mut self) {
        self.planned.clear();
    }

    /// Counts a call, and returns the fault that it gets.
    pub(crate) fn count(&mut self, method: &str, path: &str) -> Option<Fault> {
        *self.calls.entry(format!("{method} {path}")).or_default() += 1;
        let planned = self.planned.iter_mut().find(|one| one.count > 0 && path.starts_with(&one.prefix))?;
        planned.count -= 1;
        Some(planned.fault)
    }

    /// The number of calls of each method and path.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.clone()
    }
}
