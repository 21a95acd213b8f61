//! What people who help customers work with, besides lists: notes, saved views, search and numbers.

pub(crate) mod notes;
pub(crate) mod overview;
pub(crate) mod saved_views;
pub(crate) mod search;
