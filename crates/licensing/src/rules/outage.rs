//! Outages: periods in which the server could not receive heartbeats, because no server process was
//! running or none could reach its database. A machine that was alive when an outage began must not be
//! declared dead because of it.

use crate::time::Timestamp;

/// A period in which the server could not receive heartbeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    began_at: Timestamp,
    ended_at: Timestamp,
}

impl Outage {
    /// An outage from `began_at` to `ended_at`. `None` unless it ends after it begins.
    pub fn new(began_at: Timestamp, ended_at: Timestamp) -> Option<Self> {
        (began_at < ended_at).then_some(Self { began_at, ended_at })
    }

    /// The last instant at which heartbeats were still received.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// The first instant at which heartbeats were received again.
    pub fn ended_at(&self) -> Timestamp {
        self.ended_at
    }
}
