//! The pages of the site, one per file.

pub(super) mod changelog;
pub(super) mod downloads;
pub(super) mod home;
pub(super) mod legal;
pub(super) mod lost_key;
pub(super) mod missing;
pub(super) mod pricing;
pub(super) mod questions;
