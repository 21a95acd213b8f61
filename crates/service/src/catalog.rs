//! Products, policies and entitlements: what a database starts with, and what a file says.

pub(crate) mod cache;
pub(crate) mod defaults;
pub(crate) mod file;
pub(crate) mod impact;
pub(crate) mod plan;
