//! The admin portal's pages.

pub(crate) mod act;
pub(crate) mod catalog;
pub(crate) mod diagnostics;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod list;
pub(crate) mod object;
pub(crate) mod overview;
pub(crate) mod search;
pub(crate) mod shortcuts;
