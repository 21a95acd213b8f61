//! The rules of licensing as pure functions and types.
//!
//! Nothing here reads a clock, draws randomness or does I/O: time and random bytes come in as
//! parameters, decisions go out as values. The crate builds for the server and for `wasm32`.

pub mod activation;
pub mod air_gap;
pub mod alphabet;
pub mod certificate;
pub mod claims;
pub mod email;
pub mod entitlement;
pub mod ids;
mod json;
pub mod key;
pub mod license;
pub mod machine;
pub mod outage;
pub mod policy;
pub mod public_key;
pub mod signed_key;
pub mod time;
pub mod validation;
