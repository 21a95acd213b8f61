//! Signing in and out, and the second factor.

pub(crate) mod components;
pub mod email_change_fns;
pub(crate) mod model;
pub(crate) mod owner;
pub(crate) mod pages;
pub mod passkey_fns;
#[cfg(feature = "ssr")]
pub(crate) mod present;
pub mod server_fns;
