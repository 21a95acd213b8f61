//! Who shows a license key, and whether the license is good.

pub(crate) mod facts;
pub(crate) mod key_holder;
pub(crate) mod usage;
pub(crate) mod validate;
