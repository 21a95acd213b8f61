//! The frame of the admin portal: rail, top bar, messages, page.

pub(crate) mod navigation;
mod submissions;
pub(crate) mod top_bar;

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    admin::{
        components::{AdminIcon, AdminIconName, acts::ToastRegion},
        keyboard::{Keyboard, objects::ObjectSource, palette::Palette, sheet::ShortcutSheet},
        model::{Frame, objects::Toast},
        server_fns::lists::admin_find,
        shell::{
            navigation::{Entry, Rail, entries},
            submissions::hold_back_without_session,
            top_bar::TopBar,
        },
    },
    portal::server_fns::account::waiting_message,
    shared::{branding::use_branding, components::Problem, error::UiError, model::Tone},
};

/// Messages that pages show in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toasts(pub(crate) RwSignal<Vec<Toast>>);

#[component]
pub(crate) fn AdminShell() -> impl IntoView {
    // Not a resource: pages within a suspended frame would be rendered, and read from the database, several times.
    let frame = SharedValue::new(current_frame).into_inner();
    provide_context(Toasts(RwSignal::new(Vec::new())));
    provide_context(ObjectSource::new(admin_find));
    match frame {
        Some(frame) => view! {
            <ShellFrame frame entries=entries()>
                <WaitingMessage/>
                <Outlet/>
            </ShellFrame>
        }
        .into_any(),
        // The guard has already refused everybody else, so the session has just ended.
        None => view! { <main id="main" class="narrow"><Problem error=UiError::SignedOut/></main> }.into_any(),
    }
}

/// The browser gets the server's value with the page.
#[cfg(feature = "ssr")]
fn current_frame() -> Option<Frame> {
    crate::admin::present::frame::frame()
}

#[cfg(not(feature = "ssr"))]
fn current_frame() -> Option<Frame> {
    None
}

/// The frame around a page.
#[component]
pub(crate) fn ShellFrame(frame: Frame, entries: Vec<Entry>, children: Children) -> impl IntoView {
    let keyboard = Keyboard::new();
    keyboard.has_letter_keys.set(frame.has_letter_keys);
    keyboard.listen();
    provide_context(keyboard);
    move_focus_on_navigation();
    let toasts = use_context::<Toasts>();
    if let Some(toasts) = toasts {
        hold_back_without_session(toasts.0);
    }
    view! {
        // A link within the page: the router must leave it to the browser, which moves the focus.
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <div class="admin">
            <div class="rail">
                <Rail entries=entries.clone() brand=use_branding().brand.name/>
            </div>
            <details class="rail-phone">
                <summary class="button button-small">
                    <AdminIcon name=AdminIconName::Menu/>
                    <span class="top-bar-words">"Menu"</span>
                </summary>
                <Rail entries=entries.clone()/>
            </details>
            <TopBar frame keyboard/>
            <main id="main" class="admin-page stack-large" tabindex="-1">
                {children()}
            </main>
        </div>
        {toasts.map(|toasts| view! { <ToastRegion toasts=toasts.0/> })}
        <Palette keyboard entries/>
        <ShortcutSheet keyboard/>
    }
}

/// The message that the server left for the loaded page.
#[component]
fn WaitingMessage() -> impl IntoView {
    let waiting = PageData::new(|| (), |()| waiting_message());
    let (here, brand) = (use_location().pathname, StoredValue::new(use_branding().brand));
    let loaded = StoredValue::new(here.get_untracked());
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                waiting.await.ok().flatten().map(|flash| {
                    let tone = if flash.is_failure() { Tone::Bad } else { Tone::Good };
                    let toast = Toast { text: flash.text(&brand.get_value()), tone, undo: None };
                    // It is not shown on the pages visited afterwards.
                    let shown = move || if here.get() == loaded.get_value() { vec![toast.clone()] } else { Vec::new() };
                    view! { <ToastRegion toasts=Signal::derive(shown)/> }
                })
            })}
        </Suspense>
    }
}

/// After a navigation without loading a document, the focus moves to the page, as it would after loading one.
fn move_focus_on_navigation() {
    let here = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let here = here.get();
        if before.is_some_and(|before| before != here) {
            focus_main();
        }
        here
    });
}

#[cfg(feature = "hydrate")]
fn focus_main() {
    use leptos::web_sys::HtmlElement;
    use wasm_bindgen::JsCast;
    let main = document().get_element_by_id("main");
    if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        // A failure leaves the focus on the link.
        let _ = main.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus_main() {}
