//! Times in which no heartbeat could be heard, because no process of the server ran or none reached its
//! database. A machine that was alive when one began is not dead for its silence.

use crate::time::Timestamp;

/// A time in which no heartbeat could be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    began_at: Timestamp,
    ended_at: Timestamp,
}

impl Outage {
    /// From when until when. `None` if it does not end after it began.
    pub fn new(began_at: Timestamp, ended_at: Timestamp) -> Option<Self> {
        (began_at < ended_at).then_some(Self { began_at, ended_at })
    }

    /// When it began: until then heartbeats were heard.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// When it ended: since then they are heard again.
    pub fn ended_at(&self) -> Timestamp {
        self.ended_at
    }
}
