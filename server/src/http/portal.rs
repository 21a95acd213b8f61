//! The portal: its pages with their guards, its sessions, and its files.

mod acts;
mod builds;
mod exports;
pub(crate) mod files;
pub(crate) mod pages;
mod payments;
mod personal_data;
pub(crate) mod sessions;
mod signed_in;
