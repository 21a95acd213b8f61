//! `/login/confirm`: presents the second factor, after signing in with mail or again before a sensitive act.

use crate::shared::page_data::PageData;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use crate::{
    routes::Page,
    shared::{
        components::{Failure, HiddenField, Message, Submit},
        error::UiError,
        flash::Flash,
        page_owner::OwnerField,
    },
    sign_in::{
        components::{ScriptButton, load, present_passkey},
        model::SecondFactorView,
        pages::SignInFrame,
        passkey_fns::{ConfirmRecoveryCode, second_factor},
        server_fns::SignOut,
    },
};

#[component]
pub(crate) fn ConfirmPage() -> impl IntoView {
    let next = use_query_map().with_untracked(|query| query.get("next")).unwrap_or_default();
    let state = PageData::new(|| (), |()| second_factor());
    view! {
        <SignInFrame title="Confirm that it is you">
            <Suspense fallback=|| ()>
                {move || {
                    let next = next.clone();
                    Suspend::new(async move {
                        match state.await {
                            Ok(state) if state.passkeys.is_empty() => view! { <NoPasskey state/> }.into_any(),
                            Ok(state) => view! { <Present state next/> }.into_any(),
                            Err(error) => view! { <Failure error/> }.into_any(),
                        }
                    })
                }}
            </Suspense>
            <form method="post" action=SignOut::url()>
                <OwnerField/>
                <button r#type="submit" class="button button-small">"Sign out"</button>
            </form>
        </SignInFrame>
    }
}

#[component]
fn Present(state: SecondFactorView, next: String) -> impl IntoView {
    let stored = StoredValue::new(next.clone());
    let run = move || async move {
        let next = Some(stored.get_value()).filter(|next| !next.is_empty());
        load(&present_passkey(next).await?);
        Ok(())
    };
    let left = state.codes_left;
    view! {
        {state.flash.map(|flash| view! { <Message flash/> })}
        <p>"Use your passkey: the fingerprint, face, PIN or security key that you set up for this site."</p>
        <ScriptButton words="Use a passkey" class="button button-accent button-wide" run/>
        <details>
            <summary>"Use a recovery code"</summary>
            <form method="post" action=ConfirmRecoveryCode::url() class="stack">
                <div class="field">
                    <label for="code">"Recovery code"</label>
                    <input
                        id="code"
                        name="code"
                        r#type="text"
                        class="code-input"
                        autocomplete="off"
                        autocapitalize="characters"
                        spellcheck="false"
                        required
                        maxlength="60"
                    />
                    <p class="hint">{format!("Six groups of four letters and digits. Each code works once. Codes left: {left}.")}</p>
                </div>
                {(!next.is_empty()).then(|| view! { <HiddenField name="next" value=next/> })}
                <Submit class="button button-wide">"Use the code"</Submit>
            </form>
        </details>
    }
}

/// A support agent or admin without a passkey can only create one, and only with a link from the host.
#[component]
fn NoPasskey(state: SecondFactorView) -> impl IntoView {
    match state.cannot_enroll {
        None => view! {
            <p>"You have no passkey yet. Create one to continue."</p>
            <p><a class="button button-accent" href=Page::NewPasskey.path() rel="external">"Create a passkey"</a></p>
        }
        .into_any(),
        Some(error) => view! { <WhyNot error/> }.into_any(),
    }
}

#[component]
pub(crate) fn WhyNot(error: UiError) -> impl IntoView {
    view! { <Message flash=Flash::Failed(error)/> }
}
