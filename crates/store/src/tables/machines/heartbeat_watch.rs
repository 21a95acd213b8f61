//! The period in which the server is known to have received heartbeats.

use latchkey_licensing::time::Timestamp;

use crate::tables::methods;

methods! {
    heartbeat_watch:
    read {
        /// The time until which heartbeats were received, and the time after which there is an outage.
        find_heartbeat_watch() -> Option<(Timestamp, Timestamp)>;
    }
    write {
        /// Records that heartbeats were received at `seen_at`, and that there is an outage after
        /// `stale_after`.
        set_heartbeat_watch(seen_at: Timestamp, stale_after: Timestamp) -> ();
    }
}
