//! The audit log: what happened, to what, and who did it.

pub(crate) mod actor;
pub(crate) mod chain;
pub(crate) mod change;
pub(crate) mod event;
pub(crate) mod log;
pub(crate) mod network;
pub(crate) mod reason;
mod sealing;
mod stored;
