//! The Stripe double over HTTP, as a server sees it.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod api;
mod client;
mod deliveries;
mod fields;
mod life;
mod receiver;
mod subscriptions;
