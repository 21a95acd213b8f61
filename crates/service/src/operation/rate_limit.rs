//! Rate limits: exact ones for signing in, and leased ones for the activation API.

pub(crate) mod bucket;
pub(crate) mod exact;
pub(crate) mod gcra;
pub(crate) mod leases;
pub(crate) mod limits;
