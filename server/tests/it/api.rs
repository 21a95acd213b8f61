//! The activation API.

mod check_out;
mod clients;
mod components;
mod described;
mod examples;
mod keygen_sdk;
mod openapi;
mod policies;
mod processes;
mod rate_limits;
mod requests;
