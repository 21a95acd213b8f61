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
        pages::{
            act::{ActPage, LicenseActPage, OrderActPage},
            catalog::{CatalogEntryPage, CatalogPage},
            diagnostics::DiagnosticsPage,
            list::{
                ActivationsPage, AuditPage, CustomersPage, EventsPage, LicensesPage, MachinesPage, MailsPage,
                OrdersPage,
            },
            object::{CustomerPage, EventPage, LicensePage, MachinePage, MailPage, OrderPage},
            overview::OverviewPage,
            search::SearchPage,
            shortcuts::ShortcutsPage,
        },
        shell::AdminShell,
    },
    routes::admin_declared as declared,
    shared::{branding::provide_branding, not_found::NotFoundPage, page_owner::provide_page_owner},
    sign_in::owner::owner_of_request,
};

/// The admin portal. The server renders it around its pages, and the bundle of the admin portal hydrates it.
#[component]
pub fn AdminApp() -> impl IntoView {
    provide_meta_context();
    provide_branding();
    provide_page_owner(owner_of_request);
    view! {
        <Router>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <ParentRoute path=path!("") view=AdminShell ssr=SsrMode::Async>
                    <Route path=declared::overview() view=OverviewPage ssr=SsrMode::Async/>
                    <Route path=declared::search() view=SearchPage ssr=SsrMode::Async/>
                    <Route path=declared::customers() view=CustomersPage ssr=SsrMode::Async/>
                    <Route path=declared::customer() view=CustomerPage ssr=SsrMode::Async/>
                    <Route path=declared::customer_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::licenses() view=LicensesPage ssr=SsrMode::Async/>
                    <Route path=declared::license() view=LicensePage ssr=SsrMode::Async/>
                    <Route path=declared::license_act() view=LicenseActPage ssr=SsrMode::Async/>
                    <Route path=declared::machines() view=MachinesPage ssr=SsrMode::Async/>
                    <Route path=declared::machine() view=MachinePage ssr=SsrMode::Async/>
                    <Route path=declared::machine_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::activations() view=ActivationsPage ssr=SsrMode::Async/>
                    <Route path=declared::orders() view=OrdersPage ssr=SsrMode::Async/>
                    <Route path=declared::order() view=OrderPage ssr=SsrMode::Async/>
                    <Route path=declared::order_act() view=OrderActPage ssr=SsrMode::Async/>
                    <Route path=declared::events() view=EventsPage ssr=SsrMode::Async/>
                    <Route path=declared::event() view=EventPage ssr=SsrMode::Async/>
                    <Route path=declared::event_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::mails() view=MailsPage ssr=SsrMode::Async/>
                    <Route path=declared::mail() view=MailPage ssr=SsrMode::Async/>
                    <Route path=declared::catalog() view=CatalogPage ssr=SsrMode::Async/>
                    <Route path=declared::catalog_new() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::catalog_entry() view=CatalogEntryPage ssr=SsrMode::Async/>
                    <Route path=declared::catalog_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::audit() view=AuditPage ssr=SsrMode::Async/>
                    <Route path=declared::diagnostics() view=DiagnosticsPage ssr=SsrMode::Async/>
                    <Route path=declared::diagnostics_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::bulk_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::new() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::export() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::view_act() view=ActPage ssr=SsrMode::Async/>
                    <Route path=declared::shortcuts() view=ShortcutsPage ssr=SsrMode::Async/>
                </ParentRoute>
                <Route path=path!("/styleguide") view=StyleGuidePage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
