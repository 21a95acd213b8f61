//! The admin portal's routes.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

#[cfg(debug_assertions)]
use crate::admin::style_guide::StyleGuidePage;
// The guard answers before the page, for which there is nothing here.
#[cfg(not(debug_assertions))]
use crate::shared::not_found::NotFoundPage as StyleGuidePage;
use crate::{
    admin::{
        pages::{overview::OverviewPage, search::SearchPage, shortcuts::ShortcutsPage},
        shell::AdminShell,
    },
    routes::admin_declared as declared,
    shared::{branding::provide_branding, not_found::NotFoundPage},
};

/// The admin portal. The server renders it around its pages, and the bundle of the admin portal hydrates it.
#[component]
pub fn AdminApp() -> impl IntoView {
    provide_meta_context();
    provide_branding();
    view! {
        <Router>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <ParentRoute path=path!("") view=AdminShell ssr=SsrMode::Async>
                    <Route path=declared::overview() view=OverviewPage ssr=SsrMode::Async/>
                    <Route path=declared::search() view=SearchPage ssr=SsrMode::Async/>
                    <Route path=declared::shortcuts() view=ShortcutsPage ssr=SsrMode::Async/>
                </ParentRoute>
                <Route path=path!("/styleguide") view=StyleGuidePage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
