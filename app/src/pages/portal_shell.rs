//! The frame of the portal: bar, message, page, footer.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::{A, Outlet};

use crate::{
    components::{Message, ThemeChoice},
    flash::Flash,
    server_fns::{account::waiting_message, sign_in::SignOut},
};

/// What was just done, for the frame to say; pages set it in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said(pub(crate) RwSignal<Option<Flash>>);

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
