//! Buttons that ask for a passkey, and recovery codes.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    shared::{
        components::{CopyButton, Message},
        error::UiError,
        flash::Flash,
        passkeys::{Ask, ask_browser},
    },
    sign_in::passkey_fns::{confirm_passkey, sign_in_with_passkey, start_confirmation, start_passkey_sign_in},
};

/// A button for something that needs scripts. Errors are shown below it. Without scripts it says so.
#[component]
pub(crate) fn ScriptButton<F, R>(
    words: &'static str,
    #[prop(default = "button")] class: &'static str,
    /// What to show without scripts.
    #[prop(default = "Passkeys need scripts. Allow them for this site, then load the page again.")]
    without_script: &'static str,
    run: F,
) -> impl IntoView
where
    F: Fn() -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Result<(), UiError>> + 'static,
{
    let has_script = RwSignal::new(false);
    let is_busy = RwSignal::new(false);
    let error = RwSignal::new(None::<UiError>);
    Effect::new(move |_| has_script.set(true));
    let click = move |_| {
        is_busy.set(true);
        error.set(None);
        spawn_local(async move {
            error.set(run().await.err());
            is_busy.set(false);
        });
    };
    view! {
        <Show when=move || has_script.get() fallback=move || view! { <p class="hint">{without_script}</p> }>
            <button
                r#type="button"
                class=class
                aria-busy=move || is_busy.get().then_some("true")
                disabled=move || is_busy.get()
                on:click=click
            >
                {words}
            </button>
        </Show>
        {move || error.get().map(|error| view! { <Message flash=Flash::Failed(error)/> })}
    }
}

/// Loads a page from the server, which has just given the browser another session.
pub(crate) fn load(path: &str) {
    // If the browser refuses, the page stays, and its links work.
    let _ = window().location().set_href(path);
}

/// Presents a passkey. Returns the page to go to.
pub(crate) async fn present_passkey(next: Option<String>) -> Result<String, UiError> {
    let options = start_confirmation().await?;
    let response = ask_browser(Ask::Get, &options).await?;
    Ok(confirm_passkey(response, next).await?.redirect_to)
}

/// Presents a passkey without leaving the page, so that what was typed there is kept. `done` runs afterwards.
#[component]
pub(crate) fn ConfirmHere(done: Callback<()>) -> impl IntoView {
    let run = move || async move {
        present_passkey(None).await?;
        done.run(());
        Ok(())
    };
    view! { <ScriptButton words="Confirm with a passkey" run/> }
}

/// Signs in with a passkey.
#[component]
pub(crate) fn PasskeySignIn(next: String) -> impl IntoView {
    let next = StoredValue::new(next);
    let run = move || async move {
        let options = start_passkey_sign_in().await?;
        let response = ask_browser(Ask::Get, &options).await?;
        let next = Some(next.get_value()).filter(|next| !next.is_empty());
        load(&sign_in_with_passkey(response, next).await?.redirect_to);
        Ok(())
    };
    view! { <ScriptButton words="Sign in with a passkey" class="button button-wide" without_script="" run/> }
}

/// Recovery codes, which are shown only once.
#[component]
pub(crate) fn RecoveryCodes(codes: Vec<String>) -> impl IntoView {
    let text = codes.join("\n");
    // Dashes and letters need no escaping; line breaks do.
    let file = format!("data:text/plain;charset=utf-8,{}", codes.join("%0A"));
    view! {
        <section class="stack" aria-labelledby="codes-title">
            <h2 id="codes-title" class="title-2">"Your recovery codes"</h2>
            <p>
                "If you lose your passkey, each of these codes replaces it once. They are shown only now. Store them where you would find them without this device."
            </p>
            <ol class="codes">
                {codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}
            </ol>
            <div class="cluster">
                <CopyButton text words="Copy all"/>
                <a class="button button-small" href=file download="recovery-codes.txt" rel="external">"Download"</a>
                <button r#type="button" class="button button-small" on:click=|_| { let _ = window().print(); }>"Print"</button>
            </div>
        </section>
    }
}
