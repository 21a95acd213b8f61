//! Authenticating apps by license key, and validating licenses.

pub(crate) mod facts;
pub(crate) mod key_holder;
mod request_limits;
pub(crate) mod usage;
pub(crate) mod validate;
