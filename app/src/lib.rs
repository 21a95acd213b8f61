//! The portal: pages, components and server functions, for the server and for the browser.
//!
//! Every page does its whole job as HTML and forms; in the browser the same components take over and
//! make it faster. What a page shows is decided on the server: times and states arrive in words, so
//! that both sides render the same text.

#![expect(unreachable_pub, reason = "the component macro makes the builders of private components public")]
// The type of a page nests as deep as its markup.
#![recursion_limit = "512"]

mod portal;
mod root;
pub mod routes;
mod shared;
mod sign_in;
pub mod theme;

#[cfg(feature = "ssr")]
pub mod server_side;
#[cfg(feature = "ssr")]
pub mod static_pages;

/// Every server function, by area. Each is a public HTTP endpoint under `/fn`.
pub mod server_fns {
    pub use crate::{
        portal::server_fns::{account, computers, licenses, offline},
        sign_in::server_fns as sign_in,
        theme,
    };
}

pub use root::App;
#[cfg(feature = "ssr")]
pub use root::shell;
pub use shared::{branding::Branding, error::UiError, flash::Flash};
