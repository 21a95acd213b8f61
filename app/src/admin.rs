//! The admin portal, for support and admins. Its script is a bundle of its own (ADR 18): nothing outside this area may use
//! it in the browser.

pub(crate) mod components;
mod keyboard;
pub(crate) mod model;
mod pages;
pub(crate) mod root;
pub mod server_fns;
pub(crate) mod shell;
#[cfg(debug_assertions)]
mod style_guide;
