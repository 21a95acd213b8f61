//! The frame of the portal: bar, message, page, footer.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::{
    components::{A, Outlet},
    hooks::use_navigate,
};

use crate::{
    components::{Message, ThemeChoice},
    error::UiError,
    flash::{Done, Flash},
    server_fns::{account::waiting_message, sign_in::SignOut},
};

/// What was just done, for the frame to say; pages set it in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said(pub(crate) RwSignal<Option<Flash>>);

/// The result of a form's server function, once there is one.
pub(crate) type Outcome = Signal<Option<Result<Done, UiError>>>;

/// After a form that asks before something is done: goes to the page that shows the result, which says
/// what was done. Gives back what to show in the form when it was not.
pub(crate) fn follow(result: Outcome) -> impl Fn() -> Option<AnyView> + Copy + Send {
    let said = use_context::<Said>();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(done)) = result.get() {
            if let Some(said) = said {
                said.0.set(done.flash);
            }
            navigate(&done.go_to, leptos_router::NavigateOptions::default());
        }
    });
    move || {
        let error = result.get()?.err()?;
        Some(view! { <Message flash=Flash::Failed(error)/> }.into_any())
    }
}

/// After a form that stays on its page: says what came of it.
pub(crate) fn say(result: Outcome) {
    let said = use_context::<Said>();
    Effect::new(move |_| {
        if let (Some(said), Some(result)) = (said, result.get()) {
            said.0.set(match result {
                Ok(done) => done.flash,
                Err(error) => Some(Flash::Failed(error)),
            });
        }
    });
}

/// The frame.
#[component]
pub(crate) fn PortalShell() -> impl IntoView {
    let said = Said(RwSignal::new(None));
    provide_context(said);
    let waiting = Resource::new(|| (), |()| waiting_message());
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        <header class="bar">
            <div class="bar-inner">
                <a class="wordmark" href="/" rel="external">"ChartGPT"</a>
                <nav aria-label="Portal" class="tabs">
                    <A href="/portal" exact=true>"Overview"</A>
                    <A href="/portal/licenses">"Licenses"</A>
                    <A href="/portal/offline">"Offline"</A>
                    <A href="/portal/account">"Account"</A>
                </nav>
                <form method="post" action=SignOut::url() class="bar-end">
                    <button r#type="submit" class="button button-small">"Sign out"</button>
                </form>
            </div>
        </header>
        <main id="main" class="page stack-large" tabindex="-1">
            {move || said.0.get().map(|flash| view! { <Message flash/> })}
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    waiting.await.ok().flatten().map(|flash| view! {
                        <Show when=move || said.0.get().is_none()>
                            <Message flash=flash.clone()/>
                        </Show>
                    })
                })}
            </Suspense>
            <Outlet/>
        </main>
        <footer class="footer">
            <p class="small text-2">"Help: reply to your receipt or to any e-mail from us."</p>
            <ThemeChoice/>
        </footer>
    }
}
