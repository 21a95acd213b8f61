//! Until when the server is known to have received heartbeats.

use latchkey_licensing::time::Timestamp;

use crate::tables::methods;

methods! {
    heartbeat_watch:
    read {
        /// Until when heartbeats are known to have arrived, and from when on they count as lost.
        find_heartbeat_watch() -> Option<(Timestamp, Timestamp)>;
    }
    write {
        /// Notes that heartbeats arrive at `seen_at`, and count as lost after `stale_after`.
        set_heartbeat_watch(seen_at: Timestamp, stale_after: Timestamp) -> ();
    }
}
