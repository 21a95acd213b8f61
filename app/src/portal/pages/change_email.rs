//! `/portal/account/email`: asks for another e-mail address.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use leptos::prelude::*;

use crate::{
    portal::{
        components::Proof,
        server_fns::email::{RequestEmailChange, change_email_form},
        toasts::{NotSent, go_to_result, is_not_sent, responses},
    },
    routes::Page,
    shared::{
        components::{Heading, PageTitle, Problem, Submit},
        model::ProvenForm,
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn ChangeEmailPage() -> impl IntoView {
    let action = FormAction::new::<RequestEmailChange>();
    let result = action.outcome();
    let failure = go_to_result(result);
    // After a response, the form has what was typed, or asks for a proof first. Without one, it stays as it is.
    let responses = responses(result);
    let data = PageData::new(move || responses.get(), |_| change_email_form());
    view! {
        <PageTitle text="Change e-mail address"/>
        <nav aria-label="Breadcrumb" class="breadcrumb small"><a href=Page::Account.path()>"Account"</a></nav>
        <section class="card stack">
            <Heading>"Change your e-mail address"</Heading>
            {move || failure().filter(|_| !is_not_sent(result))}
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match data.await {
                        Ok(form) => view! { <ChangeForm form action/> }.into_any(),
                        Err(error) => view! { <Problem error/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

#[component]
fn ChangeForm(form: ProvenForm, action: FormAction) -> impl IntoView {
    let ProvenForm { email, proof, typed } = form;
    let form = match proof {
        Some(href) => view! { <Proof href/> }.into_any(),
        None => view! {
            <ServerForm action>
                <OwnerField/>
                <div class="stack">
                    <div class="field">
                        <label for="email">"New e-mail address"</label>
                        <input id="email" name="email" r#type="email" autocomplete="email" required maxlength="254" value=typed/>
                    </div>
                    <NotSent result=action.outcome()/>
                    <div class="cluster">
                        <a class="button" href=Page::Account.path()>"Cancel"</a>
                        <Submit class="button button-accent" busy=action.pending()>"Send the mails"</Submit>
                    </div>
                </div>
            </ServerForm>
        }
        .into_any(),
    };
    view! {
        <div class="stack">
            <p>"Your address is " <strong class="break-anywhere">{email}</strong> ". You sign in with it and get your mail there."</p>
            <ul class="list">
                <li>"The old and the new address each get a mail with a link, which works for 60 minutes."</li>
                <li>"The address is changed when both have confirmed it. Until then, nothing changes."</li>
                <li>"Your licenses, orders and computers stay as they are."</li>
            </ul>
            {form}
        </div>
    }
}
