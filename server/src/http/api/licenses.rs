//! Endpoints of one license.

pub(crate) mod check_out;
pub(crate) mod read;
pub(crate) mod validate;
