//! The real server over HTTP on SQLite and on PostgreSQL, with a settable clock. Also the commands and the
//! description of the API.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod access_control;
mod admin;
mod api;
mod billing;
mod buying;
mod commands;
mod desk;
mod edge;
mod mails;
mod operation;
mod personal_data;
mod portal;
mod releases;
mod sign_in;
mod site;
mod stripe;
mod support;
