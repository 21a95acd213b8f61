//! Copying text.

/// How long a copy button confirms that it has copied.
pub(crate) const COPIED_FOR: std::time::Duration = std::time::Duration::from_secs(2);

/// Copies text. Returns whether the browser allowed it.
#[cfg(feature = "hydrate")]
pub(crate) async fn copy_to_clipboard(text: &str) -> bool {
    let clipboard = leptos::prelude::window().navigator().clipboard();
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

#[cfg(not(feature = "hydrate"))]
pub(crate) async fn copy_to_clipboard(_text: &str) -> bool {
    false
}
