//! The keys that sign API responses, files and license keys.

pub(crate) mod current;
pub(crate) mod first_key;
pub(crate) mod rotation;
