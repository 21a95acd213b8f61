//! Text that the server rendered from the vendor's Markdown.

use leptos::prelude::*;

/// `html` is our own HTML: the renderer drops raw HTML in Markdown.
#[component]
pub(super) fn Prose(html: String) -> impl IntoView {
    view! { <div class="prose" inner_html=html></div> }
}
