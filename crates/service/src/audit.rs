//! The audit log: what happened, by whom, to what.

pub(crate) mod actor;
pub(crate) mod change;
pub(crate) mod event;
pub(crate) mod log;
mod stored;
