//! The keys that sign answers, files and license keys.

pub(crate) mod current;
pub(crate) mod first_key;
pub(crate) mod rotation;
