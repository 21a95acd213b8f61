//! The activation API.

mod check_out;
mod described;
mod openapi;
mod policies;
mod rate_limits;
mod requests;
