//! What people who help customers see and do: lists, search, timelines, notes, numbers, explanations and acts on many
//! licenses. The admin pages and the commands show the same.

pub(crate) mod bulk;
pub(crate) mod csv;
pub(crate) mod cursor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod lists;
pub(crate) mod notes;
pub(crate) mod overview;
pub(crate) mod records;
pub(crate) mod saved_views;
pub(crate) mod timeline;
