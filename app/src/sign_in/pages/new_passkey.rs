//! `/login/passkey`: creates a passkey, and shows recovery codes after the first one.

use crate::shared::page_data::PageData;
use leptos::prelude::*;

use crate::{
    routes::{Page, confirm_for},
    shared::{
        components::Failure,
        error::UiError,
        page_owner::page_owner,
        passkeys::{Ask, ask_browser},
    },
    sign_in::{
        components::{RecoveryCodes, ScriptButton, load},
        model::SecondFactorView,
        pages::{SignInFrame, confirm::WhyNot},
        passkey_fns::{finish_enrollment, second_factor, start_enrollment},
    },
};

#[component]
pub(crate) fn NewPasskeyPage() -> impl IntoView {
    let state = PageData::new(|| (), |()| second_factor());
    view! {
        <SignInFrame title="Create a passkey">
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    match state.await {
                        Ok(state) => view! { <Enroll state/> }.into_any(),
                        Err(error) => view! { <Failure error/> }.into_any(),
                    }
                })}
            </Suspense>
        </SignInFrame>
    }
}

#[component]
fn Enroll(state: SecondFactorView) -> impl IntoView {
    let is_first_of_staff = state.is_staff && state.passkeys.is_empty();
    let back = if is_first_of_staff { state.first_page } else { Page::Account.path() };
    match state.cannot_enroll {
        None => view! { <EnrollForm back/> }.into_any(),
        Some(error) => {
            let way_out = (error == UiError::NotFresh).then(|| {
                let href = confirm_for(&Page::NewPasskey.path());
                view! { <p><a class="button button-accent" href=href rel="external">"Confirm that it is you"</a></p> }
            });
            view! {
                <WhyNot error/>
                {way_out}
                <p><a href=back rel="external">"Back"</a></p>
            }
            .into_any()
        }
    }
}

#[component]
fn EnrollForm(back: String) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let codes = RwSignal::new(Vec::<String>::new());
    let back_to = StoredValue::new(back);
    let owner = page_owner();
    let run = move || async move {
        let options = start_enrollment(owner).await?;
        let response = ask_browser(Ask::Create, &options).await?;
        let created = finish_enrollment(response, name.get_untracked(), owner).await?;
        if created.codes.is_empty() {
            load(&back_to.get_value());
        }
        codes.set(created.codes);
        Ok(())
    };
    let form = move || {
        view! {
            <p>
                "A passkey is a fingerprint, face, PIN or security key instead of a password. It stays on your device or in your password manager."
            </p>
            <div class="field">
                <label for="name">"Name"</label>
                <input id="name" r#type="text" maxlength="100" autocomplete="off" bind:value=name/>
                <p class="hint">"So that you recognize it later, such as “Work laptop”."</p>
            </div>
            <ScriptButton words="Create a passkey" class="button button-accent button-wide" run/>
            <p><a href=back_to.get_value() rel="external">"Back"</a></p>
        }
    };
    view! {
        <Show when=move || !codes.with(Vec::is_empty) fallback=form>
            <p role="status">"Your passkey was created."</p>
            <RecoveryCodes codes=codes.get()/>
            <p><a class="button button-accent" href=back_to.get_value() rel="external">"I have stored the codes"</a></p>
        </Show>
    }
}
