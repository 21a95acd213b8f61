//! The sections of the admin portal.

use crate::{
    admin::components::{AdminIcon, AdminIconName},
    routes::AdminPage,
    shared::address::use_address,
};
use leptos::prelude::*;

/// A section with its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) label: &'static str,
    /// Other words by which the palette finds it.
    pub(crate) also: &'static [&'static str],
    pub(crate) href: String,
    pub(crate) icon: AdminIconName,
}

/// The sections in the rail, in its order.
pub(crate) fn entries() -> Vec<Entry> {
    let entry = |label, also, page: AdminPage, icon| Entry { label, also, href: page.path(), icon };
    vec![
        entry("Overview", &["home", "start"], AdminPage::Overview, AdminIconName::Overview),
        entry("Customers", &["accounts", "people", "users"], AdminPage::Customers, AdminIconName::Customers),
        entry("Licenses", &["keys"], AdminPage::Licenses, AdminIconName::Licenses),
        entry("Machines", &["computers", "devices"], AdminPage::Machines, AdminIconName::Machines),
        entry("Activations", &["log"], AdminPage::Activations, AdminIconName::Activations),
        entry("Orders", &["purchases", "sales", "refunds"], AdminPage::Orders, AdminIconName::Orders),
        entry("Events", &["stripe", "webhooks"], AdminPage::Events, AdminIconName::Events),
        entry("E-mails", &["outbox", "mails"], AdminPage::Mails, AdminIconName::Mails),
        entry(
            "Catalog",
            &["products", "policies", "prices", "entitlements", "sell"],
            AdminPage::Catalog,
            AdminIconName::Catalog,
        ),
        entry("Audit log", &["history", "changes"], AdminPage::Audit, AdminIconName::Audit),
        entry(
            "Diagnostics",
            &["health", "settings", "workers", "queues", "version"],
            AdminPage::Diagnostics,
            AdminIconName::Diagnostics,
        ),
        entry("Search", &["find"], AdminPage::Search, AdminIconName::Search),
        entry("Keyboard shortcuts", &["keys", "help"], AdminPage::Shortcuts, AdminIconName::Help),
    ]
}

/// Whether the page at `address` belongs to the section at `href`: it is the section's page or below it. Every page is below
/// the first one, which is only current itself.
fn is_current(href: &str, address: &str) -> bool {
    let path = address.split('?').next().unwrap_or(address);
    let is_below = path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
    address == href || path == href || (is_below && href != AdminPage::Overview.path())
}

#[component]
pub(crate) fn Rail(
    entries: Vec<Entry>,
    /// The vendor's name above the sections.
    #[prop(optional, into)]
    brand: Option<String>,
) -> impl IntoView {
    let address = use_address();
    view! {
        <nav aria-label="Admin" class="rail-nav">
            {brand.map(|brand| {
                view! {
                    <p class="rail-brand">
                        <strong>{brand}</strong>
                        <span class="rail-surface">"Admin"</span>
                    </p>
                }
            })}
            {entries
                .into_iter()
                .map(|Entry { label, href, icon, .. }| {
                    let section = href.clone();
                    let current = move || is_current(&section, &address()).then_some("page");
                    view! {
                        <a href=href aria-current=current title=label>
                            <AdminIcon name=icon/>
                            <span class="rail-label">{label}</span>
                        </a>
                    }
                })
                .collect_view()}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::is_current;

    #[test]
    fn the_section_of_a_page_is_current() {
        for (href, address, wanted) in [
            ("/admin", "/admin", true),
            ("/admin", "/admin?range=30", true),
            ("/admin", "/admin/search", false),
            ("/admin/search", "/admin/search?q=ada", true),
            ("/admin/licenses", "/admin/licenses/1/revoke", true),
            ("/admin/licenses", "/admin/licensees", false),
        ] {
            assert_eq!(is_current(href, address), wanted, "{href} on {address}");
        }
    }
}
