//! What tests need: a server inside the test with clients, and the program as separate processes.

pub(crate) mod app;
pub(crate) mod authenticator;
pub(crate) mod host;
pub(crate) mod shelf;
pub(crate) mod shop;
