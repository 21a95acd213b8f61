//! The Stripe double: a server with the part of Stripe's API that sells licenses, hosted pages that a person can click
//! through, and signed webhooks.
//!
//! It keeps state: a payment changes the session, creates a customer and a charge, and records the events that Stripe
//! would send, each a snapshot of its moment. Objects start from Stripe's published examples, so that they have every
//! field. Tests drive it with [`StripeDouble`], other programs with `POST /_double/{control}`, and people at `/`.
//!
//! It takes any payment and has no security of its own. It listens on 127.0.0.1 only.

#![expect(clippy::indexing_slicing, reason = "JSON objects, and a missing field is null")]

mod api;
mod clock;
mod control;
mod deliveries;
mod double;
mod faults;
mod life;
mod options;
mod pages;
mod server;
mod shared;
mod state;
mod wire;

pub use clock::{AheadOfRealTime, RealTime};
pub use double::{Event, Order, StripeDouble};
pub use faults::Fault;
pub use life::{DisputeKind, Method, Outcome, Paid, Payment, Renewal};
pub use options::{API_VERSION, Endpoint, Options};
pub use state::Attempt;
pub use wire::{
    refusal::Refusal,
    signature::{sign, sign_with_all},
};
