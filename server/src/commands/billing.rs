//! `order …` and `stripe …`: sales, and what Stripe knows about them.

pub(crate) mod orders;
pub(crate) mod stripe;
