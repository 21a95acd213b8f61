//! The admin portal, for support and admins. Its script is a bundle of its own (ADR 18): nothing outside this area may use
//! it in the browser.

#[cfg(feature = "ssr")]
pub mod acts;
pub(crate) mod components;
mod keyboard;
pub(crate) mod model;
#[cfg(feature = "ssr")]
mod objects;
mod pages;
#[cfg(feature = "ssr")]
pub(crate) mod present;
pub(crate) mod root;
pub mod server_fns;
pub(crate) mod shell;
#[cfg(debug_assertions)]
mod style_guide;
