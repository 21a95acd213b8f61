//! The keys that sign.

pub(crate) mod keyring;
