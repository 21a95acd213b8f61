//! The times in which no heartbeat could be received.

use latchkey_licensing::{outage::Outage, time::Timestamp};

use crate::tables::methods;

methods! {
    outages:
    read {
        /// The times in which no heartbeat could arrive, in order.
        list_outages() -> Vec<Outage>;
    }
    write {
        /// Notes a time in which no heartbeat could arrive.
        insert_outage(outage: Outage) -> ();
        /// Ends at `now` the outages that are said to end after `limit`.
        truncate_outages(limit: Timestamp, now: Timestamp) -> ();
        /// Removes outages that ended before `instant`.
        delete_outages_before(instant: Timestamp) -> u64;
    }
}
