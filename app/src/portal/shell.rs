//! The frame of the portal: bar, messages, page, footer.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::{
    components::{A, Outlet},
    hooks::use_location,
};

use crate::{
    portal::{components::AccountMenu, server_fns::account::waiting_message, toasts::Toasts},
    routes::Page,
    shared::{
        branding::{HelpLine, HelpSubject, LegalName, Wordmark, use_branding},
        components::{Failure, Message},
        flash::Flash,
        visits::Visits,
    },
};

#[component]
pub(crate) fn PortalShell() -> impl IntoView {
    let toasts = Toasts(RwSignal::new(None));
    provide_context(toasts);
    let visits = Visits::new();
    provide_context(visits);
    let subject = HelpSubject(RwSignal::new(None));
    provide_context(subject);
    let branding = use_branding();
    let brand = branding.brand.clone();
    // An instance may serve only the admin portal, and with it the person's own account.
    let serves_portal = branding.portal.is_none();
    let seen = SharedValue::new(seen_customer).into_inner();
    // The path is only in documents for staff: the script for customers does not contain it.
    let admin = SharedValue::new(admin_path).into_inner();
    let email = SharedValue::new(email).into_inner();
    keep_current_tab_visible();
    view! {
        // A link within the page: the router must leave it to the browser, which moves the focus.
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        {seen.map(|(email, end)| view! { <SeenBanner email end/> })}
        <header class="bar" on:click=move |_| visits.keep_place()>
            <div class="bar-inner">
                <Wordmark or=branding.in_portal(&Page::Overview) branding/>
                <nav aria-label="Portal" class="tabs">
                    {serves_portal.then(|| view! {
                        <A href=Page::Overview.path() exact=true>"Overview"</A>
                        <A href=Page::Licenses.path()>"Licenses"</A>
                        <A href=Page::Orders.path()>"Orders"</A>
                        <A href=Page::Offline.path()>"Offline"</A>
                    })}
                    <A href=Page::Account.path()>"Account"</A>
                </nav>
                <div class="bar-end cluster">
                    // Another bundle's page.
                    {admin.map(|href| view! { <a class="button button-small" href=href rel="external">"Admin"</a> })}
                    {email.map(|email| view! { <AccountMenu email/> })}
                </div>
            </div>
        </header>
        <main id="main" class="page stack-large" tabindex="-1" on:click=move |_| visits.keep_place()>
            <Messages toasts/>
            <Outlet/>
        </main>
        <footer class="footer">
            <HelpLine brand=brand.clone() subject=subject.0/>
            <LegalName brand/>
        </footer>
    }
}

/// The address of the account whose portal this is. `None` after the session has ended.
#[cfg(feature = "ssr")]
fn email() -> Option<String> {
    crate::server_side::viewer().ok().map(|who| who.account().email.to_string())
}

#[cfg(not(feature = "ssr"))]
fn email() -> Option<String> {
    None
}

/// On phones, the tabs scroll sideways.
fn keep_current_tab_visible() {
    let here = use_location().pathname;
    Effect::new(move |_| {
        here.track();
        request_animation_frame(scroll_to_current_tab);
    });
}

#[cfg(feature = "hydrate")]
fn scroll_to_current_tab() {
    use leptos::web_sys::HtmlElement;
    use wasm_bindgen::JsCast;
    let tab = document().query_selector(".tabs [aria-current=page]").ok().flatten();
    let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) else { return };
    if let Some(tabs) = tab.parent_element() {
        tabs.set_scroll_left(
            tab.offset_left().saturating_sub(tabs.client_width().saturating_sub(tab.offset_width()) / 2),
        );
    }
}

#[cfg(not(feature = "hydrate"))]
fn scroll_to_current_tab() {}
/// The address of the customer whose portal a member of staff sees, and where the form is sent that ends it. The browser gets
/// both with the page, because the script for customers contains no path of the admin portal.
#[cfg(feature = "ssr")]
fn seen_customer() -> Option<(String, String)> {
    use crate::portal::server_fns::viewing::EndPortalView;
    use leptos::server_fn::ServerFn as _;
    let parts = crate::server_side::parts().ok()?;
    let seen = parts.extensions.get::<crate::server_side::Seen>()?;
    Some((seen.0.account().email.to_string(), EndPortalView::url().to_owned()))
}

#[cfg(not(feature = "ssr"))]
fn seen_customer() -> Option<(String, String)> {
    None
}

/// Tells staff whose portal this is.
#[component]
fn SeenBanner(email: String, end: String) -> impl IntoView {
    view! {
        <aside class="seen-banner" aria-label="Whose portal this is">
            <p>
                "You see the portal as "
                <strong class="break-anywhere">{email}</strong>
                " does. Nothing can be changed."
            </p>
            <form method="post" action=end>
                <button r#type="submit" class="button button-small">"Back to the admin portal"</button>
            </form>
        </aside>
    }
}

/// Where staff manage the site. `None` for everyone else.
#[cfg(feature = "ssr")]
fn admin_path() -> Option<String> {
    crate::server_side::staff().ok()?;
    crate::server_side::backend().ok()?.admin.href()
}

#[cfg(not(feature = "ssr"))]
fn admin_path() -> Option<String> {
    None
}

/// Messages about what was just done or failed: those set in the browser, and the one that the server left
/// for the loaded page.
#[component]
fn Messages(toasts: Toasts) -> impl IntoView {
    let waiting = PageData::new(|| (), |()| waiting_message());
    let here = use_location().pathname;
    // The message for the loaded page is not shown on the pages visited after it.
    let loaded = StoredValue::new(here.get_untracked());
    let is_replaced = RwSignal::new(false);
    // No message is shown again to a user who returns to a page.
    Effect::new(move |_| {
        let here = here.get();
        if toasts.0.with_untracked(|toasts| toasts.as_ref().is_some_and(|(path, _)| *path != here)) {
            toasts.0.set(None);
        }
    });
    Effect::new(move |_| {
        if toasts.0.with(Option::is_some) || here.get() != loaded.get_value() {
            is_replaced.set(true);
        }
    });
    let message_here = move || toasts.0.get().filter(|(path, _)| *path == here.get()).map(|(_, flash)| flash);
    view! {
        <div class="messages">
            // The element exists before its messages, so that screen readers announce them. A failure is an
            // alert, which is announced by itself.
            <div role="status">
                {move || message_here().filter(|flash| !flash.is_failure()).map(|flash| view! { <Message flash/> })}
            </div>
            {move || match message_here() {
                Some(Flash::Failed(error)) => Some(view! { <Failure error/> }),
                _ => None,
            }}
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    waiting.await.ok().flatten().map(|flash| {
                        let role = (!flash.is_failure()).then_some("status");
                        view! {
                            <div role=role>
                                <Show when=move || !is_replaced.get()>
                                    <Message flash=flash.clone()/>
                                </Show>
                            </div>
                        }
                    })
                })}
            </Suspense>
        </div>
    }
    // Erased because the nested type would otherwise be too deep to compile.
    .into_any()
}
