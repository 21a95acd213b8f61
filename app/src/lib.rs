//! The portal: pages, components and server functions, for the server and for the browser.
//!
//! Every page does its whole job as HTML and forms; in the browser the same components take over and
//! make it faster. What a page shows is decided on the server: times and states arrive in words, so
//! that both sides render the same text.

#![expect(unreachable_pub, reason = "the component macro makes the builders of private components public")]
// The type of a page nests as deep as its markup.
#![recursion_limit = "512"]

mod components;
mod error;
mod flash;
mod model;
mod pages;
mod root;
pub mod server_fns;

#[cfg(feature = "ssr")]
pub mod api_reference;
#[cfg(feature = "ssr")]
pub mod docs;
#[cfg(feature = "ssr")]
pub mod server_side;
#[cfg(feature = "ssr")]
pub mod site;

pub use error::UiError;
pub use flash::Flash;
pub use root::App;
#[cfg(feature = "ssr")]
pub use root::shell;
