//! Activating machines, keeping them alive by heartbeats, and deactivating them.

pub(crate) mod activate;
pub(crate) mod customer;
pub(crate) mod key_holder;
pub(crate) mod outages;
