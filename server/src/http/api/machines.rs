//! Endpoints of machines, one per file.

pub(crate) mod activate;
pub(crate) mod change;
pub(crate) mod check_out;
pub(crate) mod deactivate;
pub(crate) mod license;
pub(crate) mod list;
pub(crate) mod ping;
pub(crate) mod show;

/// The type of machines in a request, in the plural and the singular, which clients also send.
pub(crate) const TYPE: [&str; 2] = ["machines", "machine"];
