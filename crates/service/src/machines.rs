//! Machines: activated, kept alive by heartbeats, and deactivated.

pub(crate) mod activate;
pub(crate) mod customer;
pub(crate) mod key_holder;
pub(crate) mod outages;
