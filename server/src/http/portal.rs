//! The portal: its pages with their guards, its sessions, and the files that it hands out.

pub(crate) mod files;
pub(crate) mod pages;
pub(crate) mod sessions;
