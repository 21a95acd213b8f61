//! The real server over HTTP on SQLite and on PostgreSQL, with a settable clock. Also the commands and the
//! description of the API.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod api;
mod api_limits;
mod app;
mod brand;
mod bulk;
mod catalog;
mod commands;
mod cut_off;
mod described;
mod files;
#[cfg(unix)]
mod healing;
mod host;
mod hot_paths;
mod limits;
mod mail;
mod openapi;
mod pages;
mod portal;
mod sessions;
mod sign_in;
mod signing_keys;
mod sweep;
mod terms;
