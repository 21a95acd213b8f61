//! The keys that sign answers, files and license keys.

pub(crate) mod current;
pub(crate) mod first;
pub(crate) mod keyring;
pub(crate) mod rotation;
