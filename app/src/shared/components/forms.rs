//! Parts of forms.

use leptos::prelude::*;

/// A value that a form sends along.
#[component]
pub(crate) fn HiddenField(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input r#type="hidden" name=name value=value/> }
}

/// A button that submits. While `busy` it keeps its width and takes no second click.
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
