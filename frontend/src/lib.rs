//! The entry point in the browser: takes over the page that the server rendered.
//!
//! It is built three times: for the portal, with the feature `account` for signing in, buying and the person's own account, and
//! with the feature `admin` for the admin portal. Each build contains only its own pages, so browsers load what they need, and a
//! customer's browser loads nothing of the admin portal (ADR 18).

// The type of a page nests as deep as its markup.
#![recursion_limit = "512"]

#[cfg(all(feature = "account", not(feature = "admin")))]
use latchkey_app::AccountApp as Root;
#[cfg(feature = "admin")]
use latchkey_app::AdminApp as Root;
#[cfg(not(any(feature = "admin", feature = "account")))]
use latchkey_app::App as Root;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the script that the page loads.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(Root);
}
