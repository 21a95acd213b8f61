//! What a connection is doing. Its task writes this down without locks, and the house reads it.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::limits::Limits;

/// How long a connection that was asked to finish may stay without a request.
const FAREWELL: Duration = Duration::from_secs(1);

/// A client that takes less of a response than this while a connection may be idle has stopped reading.
const PROGRESS: u64 = 1_024;

/// The largest frame with which HTTP/2 acknowledges something. Such frames do not keep a connection open.
const ACKNOWLEDGMENT: usize = 64;

/// Milliseconds since the listener was started. Zero means never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch(Instant);

impl Watch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

fn is_past(now: u64, since: u64, limit: Duration) -> bool {
    u128::from(now.saturating_sub(since)) >= limit.as_millis()
}

/// What a connection's task is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// To end after the requests in progress.
    Finish,
    /// To end at once.
    Close,
}

/// Which connections make room for others first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Idleness {
    /// It has no request, since this time. A header that is not complete is no request.
    NoRequest(u64),
    /// It has requests, of which the client has not sent the bodies, since this time.
    NoBody(u64),
}

#[derive(Debug)]
pub(super) struct Connection {
    watch: Watch,
    /// Requests without a complete response.
    requests: AtomicU32,
    /// Those that wait for their body.
    waiting: AtomicU32,
    waiting_since: AtomicU64,
    /// Those whose response is being sent.
    answering: AtomicU32,
    /// Whether it is an HTTP/2 connection.
    is_multiplexed: AtomicBool,
    /// When the client began with a header that is not complete.
    header_since: AtomicU64,
    idle_since: AtomicU64,
    /// The number of bytes sent.
    sent: AtomicU64,
    /// The number of bytes sent when the house last saw progress, and when that was.
    sent_before: AtomicU64,
    progress_at: AtomicU64,
    finishing_since: AtomicU64,
    ask: AtomicU8,
    asked: Notify,
}

impl Connection {
    /// A new connection, of which a header is expected.
    pub(super) fn new(watch: Watch) -> Self {
        let now = watch.now();
        Self {
            watch,
            requests: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            waiting_since: AtomicU64::new(0),
            answering: AtomicU32::new(0),
            is_multiplexed: AtomicBool::new(false),
            header_since: AtomicU64::new(now),
            idle_since: AtomicU64::new(now),
            sent: AtomicU64::new(0),
            sent_before: AtomicU64::new(0),
            progress_at: AtomicU64::new(0),
            finishing_since: AtomicU64::new(0),
            ask: AtomicU8::new(0),
            asked: Notify::new(),
        }
    }

    /// The client has sent something.
    pub(super) fn received(&self) {
        // Frames of HTTP/2 that begin no request only count before the first one.
        if self.requests.load(Relaxed) == 0
            && self.header_since.load(Relaxed) == 0
            && !self.is_multiplexed.load(Relaxed)
        {
            self.header_since.store(self.watch.now(), Relaxed);
        }
    }

    /// The client has taken `bytes` of what was sent.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(u64::try_from(bytes).unwrap_or(0), Relaxed);
        let is_response = bytes > ACKNOWLEDGMENT || !self.is_multiplexed.load(Relaxed);
        // The end of a response may still be on its way.
        if is_response && self.requests.load(Relaxed) == 0 {
            self.idle_since.store(self.watch.now(), Relaxed);
        }
    }

    /// The header of a request is complete.
    pub(super) fn request_began(&self, is_multiplexed: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.header_since.store(0, Relaxed);
        if is_multiplexed {
            self.is_multiplexed.store(true, Relaxed);
        }
    }

    pub(super) fn request_ended(&self) {
        if self.requests.fetch_sub(1, Relaxed) == 1 {
            self.idle_since.store(self.watch.now(), Relaxed);
        }
    }

    pub(super) fn answer_began(&self) {
        self.answering.fetch_add(1, Relaxed);
    }

    pub(super) fn answer_ended(&self) {
        self.answering.fetch_sub(1, Relaxed);
    }

    pub(super) fn wait_began(&self) {
        if self.waiting.fetch_add(1, Relaxed) == 0 {
            self.waiting_since.store(self.watch.now(), Relaxed);
        }
    }

    pub(super) fn wait_ended(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }

    /// Whether it can make room for others. `None` if the server is at work for it.
    pub(super) fn idleness(&self) -> Option<Idleness> {
        let requests = self.requests.load(Relaxed);
        if requests == 0 {
            let header = self.header_since.load(Relaxed);
            let since = if header == 0 { self.idle_since.load(Relaxed) } else { header };
            return Some(Idleness::NoRequest(since));
        }
        (self.waiting.load(Relaxed) >= requests).then(|| Idleness::NoBody(self.waiting_since.load(Relaxed)))
    }

    /// Asks it to end if it is longer than it may be.
    pub(super) fn check(&self, limits: &Limits) {
        let now = self.watch.now();
        if self.requests.load(Relaxed) > 0 {
            if self.has_stopped_reading(now, limits) {
                self.ask(Ask::Close);
            }
            return;
        }
        let (header, finishing) = (self.header_since.load(Relaxed), self.finishing_since.load(Relaxed));
        if header > 0 && is_past(now, header, limits.header) || finishing > 0 && is_past(now, finishing, FAREWELL) {
            self.ask(Ask::Close);
        } else if header == 0 && is_past(now, self.idle_since.load(Relaxed), limits.idle) {
            self.ask(Ask::Finish);
        }
    }

    fn has_stopped_reading(&self, now: u64, limits: &Limits) -> bool {
        if self.answering.load(Relaxed) == 0 {
            self.progress_at.store(0, Relaxed);
            return false;
        }
        let (sent, since) = (self.sent.load(Relaxed), self.progress_at.load(Relaxed));
        if since == 0 || sent >= self.sent_before.load(Relaxed).saturating_add(PROGRESS) {
            self.sent_before.store(sent, Relaxed);
            self.progress_at.store(now, Relaxed);
            return false;
        }
        is_past(now, since, limits.idle)
    }

    pub(super) fn ask(&self, ask: Ask) {
        if ask == Ask::Finish && self.finishing_since.load(Relaxed) == 0 {
            self.finishing_since.store(self.watch.now(), Relaxed);
        }
        self.ask.fetch_max(ask as u8 + 1, Relaxed);
        self.asked.notify_one();
    }

    /// Waits until something is asked for.
    pub(super) async fn asked(&self) -> Ask {
        self.asked.notified().await;
        if self.ask.load(Relaxed) > Ask::Finish as u8 + 1 { Ask::Close } else { Ask::Finish }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a connection is asked for if it may be idle for this long, and a header may take 40 ms.
    fn asked(connection: &Connection, idle: u64) -> u8 {
        let (header, idle) = (Duration::from_millis(40), Duration::from_millis(idle));
        connection.check(&Limits { connections: 1, header, body: Duration::from_secs(1), idle });
        connection.ask.load(Relaxed)
    }

    fn wait(milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }

    #[test]
    fn wh_07_headers_and_idle_connections_have_limits_of_their_own() {
        const LONG: u64 = 60_000;
        let connection = Connection::new(Watch::start());
        connection.request_began(false);
        wait(50);
        assert_eq!(asked(&connection, LONG), 0, "a request is in progress");
        connection.request_ended();
        wait(50);
        assert_eq!(asked(&connection, LONG), 0, "idle, but not for long");
        connection.received();
        wait(50);
        assert_eq!(asked(&connection, LONG), 2, "half a header");
    }

    #[test]
    fn wh_07_an_idle_connection_is_asked_to_finish() {
        let connection = Connection::new(Watch::start());
        connection.request_began(true);
        connection.request_ended();
        wait(70);
        // A ping and its acknowledgment are no request.
        connection.received();
        connection.sent(17);
        assert_eq!(asked(&connection, 60), 1);
    }

    #[test]
    fn wh_07_a_client_that_takes_nothing_of_its_response_is_cut_off() {
        let connection = Connection::new(Watch::start());
        connection.request_began(true);
        connection.answer_began();
        assert_eq!(asked(&connection, 60), 0);
        wait(70);
        connection.sent(2_000);
        assert_eq!(asked(&connection, 60), 0, "it takes something");
        wait(70);
        connection.sent(17);
        assert_eq!(asked(&connection, 60), 2);
    }

    #[test]
    fn connections_without_a_request_make_room_first() {
        let [idle, busy, slow] = std::array::from_fn(|_| Connection::new(Watch::start()));
        busy.request_began(false);
        slow.request_began(false);
        slow.wait_began();
        assert_eq!(busy.idleness(), None);
        assert!(idle.idleness() < slow.idleness());
        slow.wait_ended();
        assert_eq!(slow.idleness(), None);
    }
}
