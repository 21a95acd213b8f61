//! The entry point in the browser: takes over the page that the server rendered.

// The type of a page nests as deep as its markup.
#![recursion_limit = "512"]

use latchkey_app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the script that the page loads.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(App);
}
