//! The admin portal's pages.

pub(crate) mod overview;
pub(crate) mod search;
pub(crate) mod shortcuts;
