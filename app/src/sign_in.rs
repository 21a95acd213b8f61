//! Sign-in by e-mail.

pub(crate) mod model;
pub(crate) mod pages;
pub mod server_fns;
