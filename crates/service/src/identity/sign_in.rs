//! Signing in by e-mail, and the sessions that follow.

pub(crate) mod customer;
pub(crate) mod email;
pub(crate) mod known_browser;
pub(crate) mod secrets;
pub(crate) mod sessions;
