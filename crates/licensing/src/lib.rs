//! Licensing rules as pure functions and types.
//!
//! Nothing here reads a clock, generates random numbers or does I/O: the current time and random bytes
//! are parameters, decisions are return values. The crate builds for the server and for `wasm32`.

#![warn(missing_docs)]

pub mod account;
pub mod brand;
pub mod email;
mod files;
pub mod ids;
mod keys;
pub mod portal_paths;
pub mod product;
mod rules;
mod sales;
pub mod text;
pub mod time;

pub use files::{air_gap, certificate, claims, pasted_file};
pub use keys::{alphabet, license_key, public_key, signed_key};
pub use rules::{activation, component, entitlement, license, machine, outage, policy, process, release, validation};
pub use sales::{money, order, price};
pub use text::{hex, nesting, pasted};
