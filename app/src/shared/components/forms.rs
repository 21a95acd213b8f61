//! Parts of forms.

use leptos::prelude::*;

/// A value that is sent with a form.
#[component]
pub(crate) fn HiddenField(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input r#type="hidden" name=name value=value/> }
}

/// A submit button. While `busy` it keeps its width and ignores clicks.
#[component]
pub(crate) fn Submit(
    #[prop(default = "button")] class: &'static str,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(optional, into)] label: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            r#type="submit"
            class=class
            aria-label=label
            aria-busy=move || busy.get().then_some("true")
            disabled=move || busy.get()
        >
            {children()}
        </button>
    }
}
