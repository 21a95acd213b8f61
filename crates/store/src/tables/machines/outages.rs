//! Periods in which no heartbeats could be received.

use latchkey_licensing::{outage::Outage, time::Timestamp};

use crate::tables::methods;

methods! {
    outages:
    read {
        /// All outages, by start.
        list_outages() -> Vec<Outage>;
    }
    write {
        insert_outage(outage: Outage) -> ();
        /// Makes outages that end after `limit` end at `now`.
        truncate_outages(limit: Timestamp, now: Timestamp) -> ();
        /// Deletes outages that ended before `instant`.
        delete_outages_before(instant: Timestamp) -> u64;
    }
}
