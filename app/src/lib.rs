//! The portal: pages, components and server functions, for the server and for the browser.
//!
//! Every page works as plain HTML with forms. In the browser the same components take over and make it
//! faster. The server decides what a page shows: it sends times and states as words, so that both sides
//! render the same text.

#![expect(unreachable_pub, reason = "the component macro makes the builders of private components public")]
// The type of a page is nested as deeply as its markup.
#![recursion_limit = "512"]

#[cfg_attr(
    not(debug_assertions),
    expect(unused_imports, reason = "the style guide, which only development builds have, uses all components")
)]
#[cfg_attr(
    not(any(debug_assertions, feature = "ssr")),
    expect(dead_code, reason = "the style guide, which only development builds have, uses all components")
)]
mod admin;
mod checkout;
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

/// All server functions, by area. Each is a public HTTP endpoint under `/fn`.
pub mod server_fns {
    pub use crate::{
        admin::server_fns as admin,
        checkout::server_fns as checkout,
        portal::server_fns::{account, computers, downloads, licenses, offline, orders},
        sign_in::{passkey_fns as passkeys, server_fns as sign_in},
        theme,
    };
}

#[cfg(feature = "ssr")]
pub use admin::acts;
pub use admin::root::AdminApp;
pub use checkout::model::Offer;
#[cfg(feature = "ssr")]
pub use root::shell;
pub use root::{AccountApp, App};
#[cfg(feature = "ssr")]
pub use shared::releases;
pub use shared::{branding::Branding, error::UiError, flash::Flash};
