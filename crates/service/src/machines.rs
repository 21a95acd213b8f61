//! Machines: activated, kept alive by heartbeats, and deactivated.

pub(crate) mod activate;
pub(crate) mod by_key;
pub(crate) mod outages;
pub(crate) mod own;
