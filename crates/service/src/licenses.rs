//! Licenses: issued, shown, changed, imported and exported.

pub(crate) mod customer;
pub(crate) mod decisions;
pub(crate) mod first_use;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod terms;
