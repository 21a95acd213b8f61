//! Who shows a license key, and whether the license is good.

pub(crate) mod facts;
pub(crate) mod key_holder;
mod request_limits;
pub(crate) mod usage;
pub(crate) mod validate;
