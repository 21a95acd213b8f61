//! The customer portal.

pub(crate) mod components;
pub(crate) mod model;
pub(crate) mod pages;
#[cfg(feature = "ssr")]
pub(crate) mod present;
pub mod server_fns;
pub(crate) mod shell;
pub(crate) mod toasts;
