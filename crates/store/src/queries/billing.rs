//! Orders, their payments, and what the payment provider sends.

pub(crate) mod order_licenses;
pub(crate) mod order_lines;
pub(crate) mod order_payments;
pub(crate) mod orders;
pub(crate) mod stripe_customers;
pub(crate) mod stripe_events;
pub(crate) mod stripe_sync;
