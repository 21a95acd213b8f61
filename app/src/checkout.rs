//! The pages around a checkout: what is offered, and what became of an order. Visitors need not be signed in.

pub(crate) mod components;
mod frame;
pub(crate) mod model;
pub(crate) mod pages;
#[cfg(feature = "ssr")]
pub(crate) mod present;
pub mod server_fns;
