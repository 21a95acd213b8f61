//! The activation API.

mod check_out;
mod clients;
mod described;
mod examples;
mod openapi;
mod policies;
mod rate_limits;
mod requests;
