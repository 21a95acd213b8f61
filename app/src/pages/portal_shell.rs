//! The frame of the portal: bar, message, page, footer.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::{
    components::{A, Outlet},
    hooks::{use_location, use_navigate},
};

use crate::{
    components::{Failure, Message, ThemeChoice},
    error::UiError,
    flash::{Done, Flash},
    server_fns::{account::waiting_message, sign_in::SignOut},
};

/// What was just done, and the page that it is said on; pages set it in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said(RwSignal<Option<(String, Flash)>>);

impl Said {
    /// Says something on the page at `path`.
    fn say(self, path: &str, flash: Option<Flash>) {
        let path = path.split('?').next().unwrap_or(path).to_owned();
        self.0.set(flash.map(|flash| (path, flash)));
    }

    /// Takes back that something did not work, once it did.
    pub(crate) fn worked(self) {
        self.0.update(|said| {
            said.take_if(|(_, flash)| flash.is_failure());
        });
    }

    /// Tells on this page that something did not work.
    pub(crate) fn tell(self, path: &str, error: UiError) {
        self.say(path, Some(Flash::Failed(error)));
    }
}

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
                said.say(&done.go_to, done.flash);
            }
            navigate(&done.go_to, leptos_router::NavigateOptions::default());
        }
    });
    move || {
        let error = result.get()?.err()?;
        Some(view! { <Failure error/> }.into_any())
    }
}

/// After a form that stays on its page: says what came of it.
pub(crate) fn say(result: Outcome) {
    let said = use_context::<Said>();
    let here = use_location().pathname;
    Effect::new(move |_| {
        if let (Some(said), Some(result)) = (said, result.get()) {
            let flash = match result {
                Ok(done) => done.flash,
                Err(error) => Some(Flash::Failed(error)),
            };
            said.say(&here.get_untracked(), flash);
        }
    });
}

/// The frame.
#[component]
pub(crate) fn PortalShell() -> impl IntoView {
    let said = Said(RwSignal::new(None));
    provide_context(said);
    view! {
        // A link within the page: the router must leave it to the browser, which moves the focus.
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
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
            <Messages said/>
            <Outlet/>
        </main>
        <footer class="footer">
            <p class="small text-2">"Help: reply to your receipt or to any e-mail from us."</p>
            <ThemeChoice/>
        </footer>
    }
}

/// What was just done, or did not work: what the browser knows, and what the server kept for the page
/// that was loaded.
#[component]
fn Messages(said: Said) -> impl IntoView {
    let waiting = Resource::new(|| (), |()| waiting_message());
    let here = use_location().pathname;
    // What waited for the page that was loaded is said there, and not on the ones after it.
    let loaded = StoredValue::new(here.get_untracked());
    let is_over = RwSignal::new(false);
    // Nothing is said a second time to whoever comes back.
    Effect::new(move |_| {
        let here = here.get();
        if said.0.with_untracked(|said| said.as_ref().is_some_and(|(path, _)| *path != here)) {
            said.0.set(None);
        }
    });
    Effect::new(move |_| {
        if said.0.with(Option::is_some) || here.get() != loaded.get_value() {
            is_over.set(true);
        }
    });
    let said_here = move || said.0.get().filter(|(path, _)| *path == here.get()).map(|(_, flash)| flash);
    view! {
        <div>
            // There before its messages, so that they are read out when they come. What did not work is
            // an alert and speaks for itself.
            <div role="status">
                {move || said_here().filter(|flash| !flash.is_failure()).map(|flash| view! { <Message flash/> })}
            </div>
            {move || match said_here() {
                Some(Flash::Failed(error)) => Some(view! { <Failure error/> }),
                _ => None,
            }}
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    waiting.await.ok().flatten().map(|flash| {
                        let role = (!flash.is_failure()).then_some("status");
                        view! {
                            <div role=role>
                                <Show when=move || !is_over.get()>
                                    <Message flash=flash.clone()/>
                                </Show>
                            </div>
                        }
                    })
                })}
            </Suspense>
        </div>
    }
    // Its type is deep, and the frame around it deeper: without this, too deep for a build.
    .into_any()
}
