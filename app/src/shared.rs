//! What pages of every area use.

pub(crate) mod components;
pub(crate) mod error;
pub(crate) mod flash;
pub(crate) mod not_found;
