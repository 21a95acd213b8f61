//! The commands, and what they do to the catalog and to many licenses.

mod catalog;
mod imports;
mod lists;
mod program;
