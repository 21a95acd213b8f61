//! Converts what the service says into what the admin portal's pages show.

pub(crate) mod bulk;
pub(crate) mod catalog;
pub(crate) mod diagnostics;
pub(crate) mod events;
pub(crate) mod found;
pub(crate) mod frame;
pub(crate) mod lists;
pub(crate) mod objects;
pub(crate) mod overview;
pub(crate) mod words;
