//! What is done around every endpoint.

pub(crate) mod cross_origin;
pub(crate) mod signing;
pub(crate) mod versions;
