//! The HTML document around every page, and the routes.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

#[cfg(feature = "ssr")]
use crate::{
    admin::root::AdminApp,
    routes::{is_account_document, is_admin_document},
};
use crate::{
    checkout::pages::{canceled::OrderCanceledPage, offer::OfferPage, placed::OrderPlacedPage},
    portal::{
        pages::{
            account::AccountPage, change_email::ChangeEmailPage, computer::ComputerPage,
            delete_account::DeleteAccountPage, downloads::DownloadsPage, free_computer::FreeComputerPage,
            license::LicensePage, licenses::LicensesPage, new_key::NewKeyPage, offline::OfflinePage, order::OrderPage,
            orders::OrdersPage, overview::OverviewPage, receipt::ReceiptPage,
        },
        shell::PortalShell,
    },
    routes::declared,
    shared::{
        branding::provide_branding, bundles::let_links_leave, not_found::NotFoundPage, page_owner::provide_page_owner,
    },
    sign_in::{
        owner::owner_of_request,
        pages::{
            AccountDeletedPage, CodePage, HostLinkPage, LinkPage, SignInPage, SignedOutPage, confirm::ConfirmPage,
            email_change::EmailChangePage, new_passkey::NewPasskeyPage,
        },
    },
};

/// The document around a page, with the part of the front end that takes it over.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> AnyView {
    let path = crate::server_side::parts().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    if is_admin_document(&path) {
        document(options, "-admin", true, view! { <AdminApp/> }.into_any())
    } else if is_account_document(&path) {
        document(options, "-account", false, view! { <AccountApp/> }.into_any())
    } else {
        document(options, "", false, view! { <App/> }.into_any())
    }
}

/// The document. Its content security policy contains the nonce of this response, so it is set here.
#[cfg(feature = "ssr")]
fn document(mut options: LeptosOptions, part: &'static str, is_admin: bool, app: AnyView) -> AnyView {
    use crate::shared::branding::Branding;
    use leptos_meta::MetaTags;

    let theme = crate::server_side::cookies::theme();
    crate::server_side::set_page_policy();
    let pkg = format!("/{}", options.site_pkg_dir);
    let accent = use_context::<Branding>().and_then(|branding| branding.stylesheet);
    options.output_name = format!("{}{part}", options.output_name).into();
    let surface = is_admin.then_some("admin");
    let extra = is_admin.then(|| view! { <link rel="stylesheet" href=format!("{pkg}/{}.css", options.output_name)/> });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme data-surface=surface>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="preload" href=format!("{pkg}/inter.woff2") r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href=format!("{pkg}/latchkey.css")/>
                {extra}
                {accent.map(|href| view! { <link rel="stylesheet" href=href/> })}
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
                {front_end(&pkg, &options.output_name)}
                <MetaTags/>
            </head>
            <body>{app}</body>
        </html>
    }
    .into_any()
}

/// Loads the front end and lets it take over the page, once the page is on the screen, so that it does not compete with
/// what is needed for that.
///
/// If the program cannot be loaded, or fails because something else has changed the page, the page goes on as without
/// script: nothing that the program listens to reaches it any more.
///
/// The framework's component for this writes the nonce of the content security policy also into `crossorigin`, where style sheets
/// and other programs could read it.
#[cfg(feature = "ssr")]
fn front_end(pkg: &str, name: &str) -> impl IntoView + use<> {
    let (script, program) = (format!("{pkg}/{name}.js"), format!("{pkg}/{name}_bg.wasm"));
    let start = format!(
        "const give_up = () => {{
            for (const kind of ['click', 'submit', 'input', 'change', 'keydown'])
                addEventListener(kind, (event) => event.stopImmediatePropagation(), true);
            addEventListener('popstate', () => location.reload(), true);
        }};
        const is_ours = (error) => error instanceof WebAssembly.RuntimeError;
        addEventListener('error', ({{ error }}) => {{ if (is_ours(error)) give_up(); }});
        addEventListener('unhandledrejection', ({{ reason }}) => {{ if (is_ours(reason)) give_up(); }});
        const begin = async () => {{
            try {{
                const program = fetch('{program}');
                const front_end = await import('{script}');
                await front_end.default({{ module_or_path: program }});
                front_end.hydrate();
            }} catch (error) {{
                give_up();
                throw error;
            }}
        }};
        if (document.hidden) begin(); else requestAnimationFrame(() => setTimeout(begin));"
    );
    view! {
        <script type="module" nonce=use_nonce()>
            {start}
        </script>
    }
}

/// What all pages but those of the admin portal need.
fn provide_all() {
    provide_meta_context();
    provide_branding();
    provide_page_owner(owner_of_request);
    let_links_leave();
}

/// Signing in, buying, and the person's own account.
#[component]
pub fn AccountApp() -> impl IntoView {
    provide_all();
    view! {
        <Router>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <Route path=declared::sign_in() view=SignInPage ssr=SsrMode::Async/>
                <Route path=declared::code() view=CodePage ssr=SsrMode::Async/>
                <Route path=declared::link() view=LinkPage ssr=SsrMode::Async/>
                <Route path=declared::host_link() view=HostLinkPage ssr=SsrMode::Async/>
                <Route path=declared::email_change() view=EmailChangePage ssr=SsrMode::Async/>
                <Route path=declared::confirm() view=ConfirmPage ssr=SsrMode::Async/>
                <Route path=declared::new_passkey() view=NewPasskeyPage ssr=SsrMode::Async/>
                <Route path=declared::account_deleted() view=AccountDeletedPage ssr=SsrMode::Async/>
                <Route path=declared::signed_out() view=SignedOutPage ssr=SsrMode::Async/>
                <Route path=declared::offer() view=OfferPage ssr=SsrMode::Async/>
                <Route path=declared::order_placed() view=OrderPlacedPage ssr=SsrMode::Async/>
                <Route path=declared::order_canceled() view=OrderCanceledPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=PortalShell ssr=SsrMode::Async>
                    <Route path=declared::account() view=AccountPage ssr=SsrMode::Async/>
                    <Route path=declared::change_email() view=ChangeEmailPage ssr=SsrMode::Async/>
                    <Route path=declared::delete_account() view=DeleteAccountPage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The portal: licenses, computers and orders.
#[component]
pub fn App() -> impl IntoView {
    provide_all();
    view! {
        <Router>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <ParentRoute path=path!("") view=PortalShell ssr=SsrMode::Async>
                    <Route path=declared::overview() view=OverviewPage ssr=SsrMode::Async/>
                    <Route path=declared::licenses() view=LicensesPage ssr=SsrMode::Async/>
                    <Route path=declared::license() view=LicensePage ssr=SsrMode::Async/>
                    <Route path=declared::downloads() view=DownloadsPage ssr=SsrMode::Async/>
                    <Route
                        path=declared::free_computer()
                        view=FreeComputerPage
                        ssr=SsrMode::Async
                    />
                    <Route path=declared::computer() view=ComputerPage ssr=SsrMode::Async/>
                    <Route path=declared::new_key() view=NewKeyPage ssr=SsrMode::Async/>
                    <Route path=declared::orders() view=OrdersPage ssr=SsrMode::Async/>
                    <Route path=declared::order() view=OrderPage ssr=SsrMode::Async/>
                    <Route path=declared::receipt() view=ReceiptPage ssr=SsrMode::Async/>
                    <Route path=declared::offline() view=OfflinePage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::collections::BTreeSet;

    use crate::routes::{AdminPage, Page, STYLE_GUIDE};

    use super::*;

    fn declared<V: IntoView + 'static>(app: fn() -> V) -> BTreeSet<String> {
        let routes = leptos_axum::generate_route_list(app);
        routes.iter().map(|route| route.path().replace('{', ":").replace('}', "")).collect()
    }

    /// An undeclared page would be a broken link. A route that is not a page would be an address without a
    /// guard.
    #[test]
    fn the_routers_declare_these_pages_and_no_others() {
        let pages: BTreeSet<String> = Page::PATTERNS.iter().map(|pattern| (*pattern).to_owned()).collect();
        assert!(declared(App).is_disjoint(&declared(AccountApp)));
        assert_eq!(&declared(App) | &declared(AccountApp), pages);
        assert!(declared(App).iter().all(|path| !is_account_document(path)));
        assert!(declared(AccountApp).iter().all(|path| is_account_document(path)));
        let admin = AdminPage::PATTERNS.iter().copied().chain([STYLE_GUIDE]);
        assert_eq!(declared(AdminApp), admin.map(str::to_owned).collect());
    }
}
