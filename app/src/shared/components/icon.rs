//! Line icons on a 24-unit grid. They always appear next to text.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IconName {
    Check,
    Warning,
    Cross,
    Computer,
    Key,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Warning => {
                "M12 8v5m0 3.5v.1M10.3 4.2 2.9 17.5A2 2 0 0 0 4.6 20.5h14.8a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0z"
            }
            Self::Cross => "M7 7l10 10M17 7L7 17",
            Self::Computer => "M4 5h16v11H4zM9 20h6M12 16v4",
            Self::Key => "M14.5 9.5a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM13.2 12.7 20 19.5M17 16.5l-2 2",
        }
    }
}

/// An icon, hidden from assistive technology because the text next to it says the same.
#[component]
pub(crate) fn Icon(name: IconName) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" focusable="false">
            <path d=name.path() fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
}
