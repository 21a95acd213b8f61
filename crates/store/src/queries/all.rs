//! All queries, by table. This module is compiled once for each database, with the `dialect` of its parent module.

use super::dialect;

pub(crate) mod accounts;
mod batch;
pub(crate) mod billing;
mod catalog;
mod expect;
pub(crate) mod licenses;
pub(crate) mod lists;
pub(crate) mod machines;
mod operations;
mod support;

pub(crate) use accounts::{
    email_changes, known_browsers, passkey_ceremonies, passkeys, portal_views, recovery_codes, sessions,
    sign_in_requests,
};
pub(crate) use billing::{
    order_licenses, order_lines, order_payments, orders, stripe_customers, stripe_events, stripe_sync,
};
pub(crate) use catalog::{catalog_version, entitlements, policies, policy_entitlements, prices, products};
pub(crate) use licenses::{imports, license_entitlements, license_notices, license_records};
pub(crate) use machines::{components, heartbeat_watch, outages, processes};
pub(crate) use operations::{audit_chain, audit_log, diagnostics, instance, outbox, rate_limits, signing_keys};
pub(crate) use support::{notes, overview, saved_views, search, timelines};
