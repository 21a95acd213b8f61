//! What is licensed: licenses, their machines, validation, and files for machines without internet access.

pub(crate) mod builds;
pub(crate) mod licenses;
pub(crate) mod machines;
pub(crate) mod offline;
pub(crate) mod validation;
