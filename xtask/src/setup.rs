//! Programs that the tests need, installed where they are missing.

pub(crate) mod browser;
pub(crate) mod node;
pub(crate) mod packages;
pub(crate) mod postgres;
