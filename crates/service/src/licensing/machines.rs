//! Activating machines with their components, keeping them and their processes alive by heartbeats, and deactivating them.

pub(crate) mod activate;
pub(crate) mod components;
pub(crate) mod customer;
pub(crate) mod key_holder;
pub(crate) mod outages;
pub(crate) mod parts;
pub(crate) mod processes;
