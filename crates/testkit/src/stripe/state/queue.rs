//! Deliveries that are due, and what came of the earlier ones.

use std::time::Duration;

use tokio::time::Instant;

/// An event that an endpoint has not accepted.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) event: String,
    pub(crate) endpoint: String,
    pub(crate) attempts: u32,
    pub(crate) due_at: Instant,
}

/// An attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub event: String,
    pub endpoint: String,
    /// `None` if the endpoint did not answer.
    pub status: Option<u16>,
}

impl Attempt {
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

#[derive(Debug)]
pub(crate) struct Queue {
    pending: Vec<Pending>,
    /// Dropped, or given up: Stripe counts them as not delivered.
    lost: Vec<Pending>,
    pub(crate) log: Vec<Attempt>,
    pub(crate) is_held: bool,
    /// The number of next events that are lost.
    drop_next: u32,
    /// How long each delivery waits.
    pub(crate) delay: Duration,
    /// The number of copies of each delivery.
    pub(crate) copies: u32,
    /// Signs deliveries with this time instead of the clock's.
    pub(crate) signed_at: Option<i64>,
}

impl Queue {
    pub(crate) fn new(is_held: bool) -> Self {
        Self {
            pending: Vec::new(),
            lost: Vec::new(),
            log: Vec::new(),
            is_held,
            drop_next: 0,
            delay: Duration::ZERO,
            copies: 1,
            signed_at: None,
        }
    }

    pub(crate) fn push(&mut self, mut pending: Pending) {
        if self.drop_next > 0 {
            self.drop_next -= 1;
            self.lost.push(pending);
            return;
        }
        pending.due_at += self.delay;
        for _ in 0..self.copies {
            self.pending.push(pending.clone());
        }
    }

    pub(crate) fn drop_next(&mut self, count: u32) {
        self.drop_next = count;
    }

    /// Loses the pending deliveries of an event.
    pub(crate) fn lose(&mut self, event: &str) {
        let (lost, kept) = self.pending.drain(..).partition(|one| one.event == event);
        self.pending = kept;
        self.lost.extend::<Vec<Pending>>(lost);
    }

    /// Takes the first delivery that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Pending> {
        let at = self.pending.iter().position(|one| one.due_at <= now).filter(|_| !self.is_held)?;
        Some(self.pending.remove(at))
    }

    /// When the next delivery is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.pending.iter().map(|one| one.due_at).min().filter(|_| !self.is_held)
    }

    /// Takes the deliveries of an event that wait.
    pub(crate) fn take_of(&mut self, event: &str) -> Vec<Pending> {
        let (taken, kept) = self.pending.drain(..).partition(|one| one.event == event);
        self.pending = kept;
        taken
    }

    pub(crate) fn put_back(&mut self, pending: Pending) {
        self.pending.push(pending);
    }

    pub(crate) fn give_up(&mut self, pending: Pending) {
        self.lost.push(pending);
    }

    /// An endpoint has accepted an event, so a loss is repaired.
    pub(crate) fn accepted(&mut self, event: &str, endpoint: &str) {
        self.lost.retain(|one| one.event != event || one.endpoint != endpoint);
    }

    /// Ids of the events that wait, without repetition, oldest first.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for one in &self.pending {
            if !ids.contains(&one.event) {
                ids.push(one.event.clone());
            }
        }
        ids
    }

    /// The number of endpoints that have not accepted an event.
    pub(crate) fn open_of(&self, event: &str) -> usize {
        let mut endpoints: Vec<&str> = Vec::new();
        for one in self.pending.iter().chain(&self.lost) {
            if one.event == event && !endpoints.contains(&one.endpoint.as_str()) {
                endpoints.push(&one.endpoint);
            }
        }
        endpoints.len()
    }

    /// Puts the waiting deliveries into another order.
    pub(crate) fn reorder(&mut self, mut below: impl FnMut(usize) -> usize) {
        for last in (1..self.pending.len()).rev() {
            self.pending.swap(last, below(last + 1));
        }
    }
}
