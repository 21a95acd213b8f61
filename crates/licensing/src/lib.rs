//! The rules of licensing as pure functions and types.
//!
//! Nothing here reads a clock, draws randomness or does I/O: time and random bytes come in as
//! parameters, decisions go out as values. The crate builds for the server and for `wasm32`.

pub mod email;
mod files;
pub mod ids;
mod keys;
mod rules;
pub mod time;

pub use files::{air_gap, certificate, claims};
pub use keys::{alphabet, license_key, public_key, signed_key};
pub use rules::{activation, entitlement, license, machine, outage, policy, validation};
