//! The limits of a listener.

use std::time::Duration;

use crate::settings::Server;

/// Descriptors that are kept for other purposes: the database, files, and connections to other servers.
const OTHER_DESCRIPTORS: u64 = 256;

/// What clients may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of connections, besides a few that are refused.
    pub connections: usize,
    /// How long a client may take for a header, from its first byte.
    pub header: Duration,
    /// How long a client may take for a body.
    pub body: Duration,
    /// How long a connection may be without a request, and how long a client may take nothing of a response.
    pub idle: Duration,
}

impl Limits {
    pub fn new(server: &Server) -> Self {
        Self {
            connections: usize::try_from(server.max_connections).unwrap_or(usize::MAX),
            header: seconds(server.header_timeout_seconds),
            body: seconds(server.body_timeout_seconds),
            idle: seconds(server.idle_timeout_seconds),
        }
    }

    /// With no more connections than the process may have descriptors for.
    pub(crate) fn within(self, descriptors: Option<u64>) -> Self {
        let Some(descriptors) = descriptors else {
            return self;
        };
        let available = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(descriptors / 2);
        let available = usize::try_from(available).unwrap_or(usize::MAX);
        Self { connections: self.connections.min(available), ..self }
    }

    /// How often connections are checked: often enough that none is much longer than it may be.
    pub(super) fn sweep_interval(&self) -> Duration {
        let shortest = self.header.min(self.idle);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wh_07_connections_stay_below_the_descriptors() {
        let limits = Limits::new(&Server::default());
        let within = |descriptors| limits.within(descriptors).connections;
        assert_eq!(within(None), 10_000);
        assert_eq!(within(Some(1_048_576)), 10_000);
        assert_eq!(within(Some(4_096)), 3_840);
        assert_eq!(within(Some(1_024)), 768);
        assert_eq!(within(Some(256)), 128);
    }
}
