//! The current address, and text in addresses.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The current page's path, with its query if there is one.
pub(crate) fn use_address() -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let location = use_location();
    let (path, query) = (location.pathname, location.search);
    move || {
        let (path, query) = (path.get(), query.get());
        if query.is_empty() { path } else { format!("{path}?{}", query.trim_start_matches('?')) }
    }
}

/// Text as the value of a query.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
