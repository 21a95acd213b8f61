//! The current address.

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
