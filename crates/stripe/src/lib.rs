//! Stripe's wire as this program understands it: the signature of webhooks, the envelope of events, and the fields of
//! objects that decisions depend on.
//!
//! Everything here is pure: no I/O, clock or randomness. Stripe adds fields, event types and values at any time, so
//! unknown ones are never an error by themselves.

pub mod api_key;
pub mod event;
pub mod metadata;
pub mod objects;
pub mod signature;
mod states;

/// The version of the API in which calls are made and in which webhooks arrive.
pub const API_VERSION: &str = "2026-09-30.endive";

/// The longest body of a webhook that is accepted.
pub const MAX_WEBHOOK_BYTES: usize = 256 * 1024;
