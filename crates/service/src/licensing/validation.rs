//! Authenticating apps by license key, and validating licenses.

pub(crate) mod facts;
pub(crate) mod key_holder;
pub(crate) mod machine_lookup;
mod request_limits;
pub(crate) mod usage;
pub(crate) mod validate;
