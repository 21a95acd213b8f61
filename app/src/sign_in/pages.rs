//! Signing in: request a mail, then enter the code or confirm the link. These are plain forms, without
//! scripts.

pub(crate) mod confirm;
pub(crate) mod email_change;
pub(crate) mod new_passkey;

use crate::shared::page_data::PageData;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    routes::Page,
    shared::{
        branding::{LegalName, Wordmark, use_branding},
        components::{HiddenField, Message, PageTitle, Submit},
    },
    sign_in::{
        components::PasskeySignIn,
        model::{LinkState, SignInState},
        server_fns::{ConfirmCode, ConfirmHostLink, ConfirmLink, RequestSignIn, read_sign_in},
    },
    theme::ThemeChoice,
};

/// The frame of the sign-in pages.
#[component]
fn SignInFrame(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let branding = use_branding();
    let brand = branding.brand.clone();
    view! {
        <PageTitle text=title.clone()/>
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <header class="sign-in-bar">
            <Wordmark branding or=Page::SignIn.path()/>
        </header>
        <main id="main" class="narrow" tabindex="-1">
            <div class="card stack">
                <h1 class="title-1">{title}</h1>
                {children()}
            </div>
        </main>
        <footer class="footer">
            <LegalName brand/>
            <ThemeChoice/>
        </footer>
    }
}

/// Loads the state of this browser's sign-in and renders with it.
#[component]
fn WithState<F, V>(
    /// The last path segment of the link whose page this is.
    #[prop(optional)]
    token: Option<String>,
    render: F,
) -> impl IntoView
where
    F: Fn(SignInState) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let state = PageData::new(move || token.clone(), read_sign_in);
    view! {
        <Suspense fallback=|| ()>
            {move || {
                let render = render.clone();
                Suspend::new(async move {
                    let state = state.await.unwrap_or_default();
                    let flash = state.flash.clone();
                    view! {
                        {flash.map(|flash| view! { <Message flash/> })}
                        {render(state)}
                    }
                })
            }}
        </Suspense>
    }
}

/// `/login`
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let next = use_query_map().with_untracked(|query| query.get("next")).unwrap_or_default();
    view! {
        <SignInFrame title="Sign in">
            <WithState render=move |_| {
                let next = next.clone();
                let passkey_next = next.clone();
                view! {
                    <form method="post" action=RequestSignIn::url() class="stack">
                        <div class="field">
                            <label for="email">"E-mail address"</label>
                            <input id="email" name="email" r#type="email" autocomplete="email" required autofocus maxlength="254"/>
                            <p class="hint">"The address your license was bought with. We will send you a link and a code."</p>
                        </div>
                        {(!next.is_empty()).then(|| view! { <HiddenField name="next" value=next/> })}
                        <Submit class="button button-accent button-wide">"Continue"</Submit>
                    </form>
                    <PasskeySignIn next=passkey_next/>
                }
            }/>
        </SignInFrame>
    }
}

/// `/login/code`
#[component]
pub(crate) fn CodePage() -> impl IntoView {
    view! {
        <SignInFrame title="Check your e-mail">
            <WithState render=|state: SignInState| match state.pending {
                Some(email) => view! { <CodeForm email again=state.again/> }.into_any(),
                None => view! { <NothingPending/> }.into_any(),
            }/>
        </SignInFrame>
    }
}

#[component]
fn CodeForm(email: String, again: String) -> impl IntoView {
    view! {
        <p>
            "If " <strong class="break-anywhere">{email}</strong>
            " has a license, a link and a code are on their way. Both are valid for 10 minutes after the e-mail was sent."
        </p>
        <form method="post" action=ConfirmCode::url() class="stack">
            <div class="field">
                <label for="code">"Code"</label>
                <input
                    id="code"
                    name="code"
                    r#type="text"
                    class="code-input"
                    inputmode="text"
                    autocomplete="one-time-code"
                    autocapitalize="characters"
                    spellcheck="false"
                    required
                    autofocus
                    maxlength="20"
                />
                <p class="hint">"Eight letters and digits. You can also open the link in this browser."</p>
            </div>
            <Submit class="button button-accent button-wide">"Sign in"</Submit>
        </form>
        <p class="small"><a href=again rel="external">"Use another address, or send the e-mail again"</a></p>
    }
}

#[component]
fn NothingPending() -> impl IntoView {
    view! {
        <p>"There is no open sign-in in this browser, or its e-mail has expired. Links and codes are valid for 10 minutes."</p>
        <p><a class="button button-accent" href=Page::SignIn.path()>"Request a new e-mail"</a></p>
    }
}

/// `/login/link/{token}`: opening the page does not use the link; the button does, in the browser that
/// requested it.
#[component]
pub(crate) fn LinkPage() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token")).unwrap_or_default();
    view! {
        <SignInFrame title="Sign in">
            <WithState
                token=token.clone()
                render=move |state: SignInState| match state.link {
                    Some(LinkState::Open(email)) => view! { <ConfirmLinkForm email token=token.clone()/> }.into_any(),
                    link => view! { <LinkNotOpen link=link.unwrap_or(LinkState::Unknown) again=state.again/> }.into_any(),
                }
            />
        </SignInFrame>
    }
}

#[component]
fn ConfirmLinkForm(email: String, token: String) -> impl IntoView {
    view! {
        <p>"Sign in as " <strong class="break-anywhere">{email}</strong> " in this browser?"</p>
        <form method="post" action=ConfirmLink::url()>
            <HiddenField name="token" value=token/>
            <Submit class="button button-accent button-wide">"Sign in"</Submit>
        </form>
    }
}

/// Says why a link cannot be confirmed here, and what to do instead.
#[component]
fn LinkNotOpen(link: LinkState, again: String) -> impl IntoView {
    match link {
        LinkState::Superseded => view! {
            <p>"You asked again since, and a newer e-mail is on its way. Use the link or the code in that one."</p>
            <p><a class="button button-accent" href=Page::Code.path() rel="external">"Enter the code"</a></p>
        }
        .into_any(),
        LinkState::Used => view! {
            <p>"This link was used already. Each link works once."</p>
            <p><a class="button button-accent" href=again rel="external">"Request a new e-mail"</a></p>
        }
        .into_any(),
        LinkState::TooOld => view! {
            <p>"This link is too old: it was valid for 10 minutes."</p>
            <p><a class="button button-accent" href=again rel="external">"Request a new e-mail"</a></p>
        }
        .into_any(),
        LinkState::Open(_) | LinkState::Unknown => view! {
            <p>
                "This link only works in the browser in which it was requested. You can also sign in there with the code from the same e-mail."
            </p>
            <p class="text-2">"To sign in here instead, request a new e-mail in this browser."</p>
            <p><a class="button" href=Page::SignIn.path()>"Request a new e-mail"</a></p>
        }
        .into_any(),
    }
}

/// `/login/host/{token}`: a link that was printed by a command on the host.
#[component]
pub(crate) fn HostLinkPage() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token")).unwrap_or_default();
    view! {
        <SignInFrame title="Sign in">
            <WithState render=move |_| {
                let token = token.clone();
                view! {
                    <p>"This link was created on the server. It signs in the first browser that confirms it, and works only once."</p>
                    <form method="post" action=ConfirmHostLink::url()>
                        <HiddenField name="token" value=token/>
                        <Submit class="button button-accent button-wide">"Sign in"</Submit>
                    </form>
                }
            }/>
        </SignInFrame>
    }
}

/// `/login/signed-out`
#[component]
pub(crate) fn SignedOutPage() -> impl IntoView {
    view! {
        <SignInFrame title="You are signed out">
            <p>"This browser no longer contains any data from your account."</p>
            <p><a class="button button-accent" href=Page::SignIn.path() rel="external">"Sign in again"</a></p>
        </SignInFrame>
    }
}

/// `/login/deleted`
#[component]
pub(crate) fn AccountDeletedPage() -> impl IntoView {
    view! {
        <SignInFrame title="Your account was deleted">
            <p>"You are signed out, and this browser no longer contains any data from your account. A last mail confirms it."</p>
        </SignInFrame>
    }
}
