//! A person's passkeys: listed, renamed and removed.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use leptos::prelude::*;

use crate::{
    portal::toasts::{NotSent, responses, show_result, successes},
    routes::Page,
    shared::{
        components::{Failure, HiddenField, Submit, Time},
        error::UiError,
        page_owner::{OwnerField, page_owner},
    },
    sign_in::{
        components::{ConfirmHere, RecoveryCodes, ScriptButton},
        model::{PasskeyLine, SecondFactorView},
        passkey_fns::{RemovePasskey, RenamePasskey, replace_recovery_codes, second_factor},
    },
};

#[component]
pub(crate) fn Passkeys() -> impl IntoView {
    let rename = FormAction::new::<RenamePasskey>();
    let remove = FormAction::new::<RemovePasskey>();
    // Counts how often the second factor was presented on this page.
    let confirmed = RwSignal::new(0_u32);
    let codes = RwSignal::new(Vec::<String>::new());
    let renamed = rename.outcome();
    let removed = remove.outcome();
    let changes = (successes(renamed), responses(removed));
    let data = PageData::new(move || (changes.0.get(), changes.1.get(), confirmed.get()), |_| second_factor());
    show_result(renamed);
    show_result(removed);
    let confirm = Callback::new(move |()| confirmed.update(|count| *count += 1));
    view! {
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                let content = match data.await {
                    Ok(state) => view! { <List state rename remove confirm codes/> }.into_any(),
                    // The rest of the page says so.
                    Err(UiError::SignedOut) => return None,
                    Err(error) => view! { <Failure error/> }.into_any(),
                };
                Some(view! { <Card codes>{content}</Card> })
            })}
        </Transition>
    }
}

#[component]
fn Card(codes: RwSignal<Vec<String>>, children: Children) -> impl IntoView {
    view! {
        <section class="card stack" aria-labelledby="passkeys-title">
            <div class="split">
                <h2 id="passkeys-title" class="title-2">"Passkeys"</h2>
                <a class="button" href=Page::NewPasskey.path() rel="external">"Add a passkey"</a>
            </div>
            {children()}
            <Show when=move || !codes.with(Vec::is_empty)>
                <RecoveryCodes codes=codes.get()/>
            </Show>
        </section>
    }
}

#[component]
fn List(
    state: SecondFactorView,
    rename: FormAction,
    remove: FormAction,
    confirm: Callback<()>,
    codes: RwSignal<Vec<String>>,
) -> impl IntoView {
    if state.passkeys.is_empty() {
        return view! {
            <p class="text-2">"You have no passkey. With one, you sign in without waiting for an e-mail."</p>
        }
        .into_any();
    }
    let owner = page_owner();
    let renew = move || async move {
        codes.set(replace_recovery_codes(owner).await?.codes);
        Ok::<_, UiError>(())
    };
    let is_fresh = state.is_fresh;
    let rows = state.passkeys.into_iter().map(|line| view! { <Row line is_fresh rename remove/> }).collect_view();
    let step_up = (!is_fresh).then(|| {
        view! {
            <p class="text-2">"To add or remove passkeys, confirm that it is you. What you typed on this page is kept."</p>
            <ConfirmHere done=confirm/>
        }
    });
    let recovery = is_fresh.then(|| view! { <ScriptButton words="Make new recovery codes" run=renew/> });
    view! {
        <ul class="stack plain-list">{rows}</ul>
        {step_up}
        <p class="text-2">{format!("Recovery codes left: {}.", state.codes_left)}</p>
        {recovery}
    }
    .into_any()
}

#[component]
fn Row(line: PasskeyLine, is_fresh: bool, rename: FormAction, remove: FormAction) -> impl IntoView {
    let field = format!("passkey-{}", line.id);
    let used = match line.last_used {
        Some(at) => view! { "Last used " <Time when=at/> }.into_any(),
        None => "Not used yet".into_any(),
    };
    let remove_label = format!("Remove {}", line.name);
    let id = line.id.clone();
    let not_sent = rename.outcome_of(&line.id);
    let removal = is_fresh.then(|| {
        view! {
            <ServerForm action=remove>
                <OwnerField/>
                <HiddenField name="id" value=id/>
                <Submit class="button button-small" busy=remove.pending() label=remove_label>"Remove"</Submit>
            </ServerForm>
        }
    });
    view! {
        <li class="stack">
            <ServerForm action=rename>
                <OwnerField/>
                <HiddenField name="id" value=line.id/>
                <div class="field">
                    <label for=field.clone()>"Name of the passkey"</label>
                    <div class="cluster">
                        <input id=field name="name" r#type="text" maxlength="100" required value=line.typed/>
                        <Submit class="button button-small" busy=rename.pending()>"Rename"</Submit>
                    </div>
                    <NotSent result=not_sent/>
                </div>
            </ServerForm>
            <p class="small text-2">"Created " <Time when=line.created/> ". " {used} "."</p>
            {removal}
        </li>
    }
}
