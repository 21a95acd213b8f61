//! Line icons of the admin portal on a 24-unit grid. They are apart from the shared ones, because the portal does not need
//! them.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdminIconName {
    Overview,
    Search,
    Help,
    Menu,
    Down,
    Up,
    Copy,
    Done,
    Remove,
    Export,
    Bookmark,
    Lock,
    Dot,
    Customers,
    Licenses,
    Machines,
    Activations,
    Orders,
    Events,
    Mails,
    Audit,
    Catalog,
    Diagnostics,
}

impl AdminIconName {
    fn path(self) -> &'static str {
        match self {
            Self::Overview => "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
            Self::Search => "M16 10.5a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0zM14.5 14.5 20 20",
            Self::Help => "M9 9.2a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2M12 17.2v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Down => "M7 10l5 5 5-5",
            Self::Up => "M7 14l5-5 5 5",
            Self::Copy => "M9 9h10v11H9zM5 15V4h10",
            Self::Done => "M5 12.5l4.5 4.5L19 7.5",
            Self::Remove => "M7 7l10 10M17 7L7 17",
            Self::Export => "M12 4v11m0 0-4-4m4 4 4-4M5 20h14",
            Self::Bookmark => "M7 4h10v16l-5-4-5 4z",
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
            Self::Customers => {
                "M12.5 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM3 20c0-4 2.5-6 6-6s6 2 6 6M16 5a3.5 3.5 0 0 1 0 6.5M17.5 14.5c2.3.8 3.5 2.6 3.5 5.5"
            }
            Self::Licenses => {
                "M12.5 16a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM11.2 12.8 20.5 3.5M16.5 7.5l3 3M13.5 10.5l2 2"
            }
            Self::Machines => "M4 5h16v11H4zM9 20h6M12 16v4",
            Self::Activations => "M3 12h4l3-8 4 16 3-8h4",
            Self::Orders => "M6 3h12v18l-3-2-3 2-3-2-3 2zM9.5 8h5M9.5 12h5",
            Self::Events => "M13 3 5 14h6l-1 7 8-11h-6z",
            Self::Mails => "M3 6h18v12H3zM3 7l9 7 9-7",
            Self::Audit => "M8 6h12M8 12h12M8 18h12M4 6v.1M4 12v.1M4 18v.1",
            Self::Catalog => "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
            Self::Diagnostics => "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5",
            Self::Dot => "M12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
        }
    }
}

/// An icon, hidden from assistive technology because a text or a label says the same.
#[component]
pub(crate) fn AdminIcon(name: AdminIconName) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" focusable="false">
            <path d=name.path() fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
}
