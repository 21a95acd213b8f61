//! What people who help customers work with, besides lists.

pub(crate) mod notes;
pub(crate) mod overview;
pub(crate) mod saved_views;
pub(crate) mod search;
pub(crate) mod timelines;
