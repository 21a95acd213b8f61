//! `/login/email/{token}`: asks one of two addresses to confirm the change of an account's e-mail address. Opening the page
//! changes nothing.

use crate::shared::page_data::PageData;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;

use crate::{
    routes::Page,
    shared::components::{Failure, HiddenField, Message, Submit},
    sign_in::{
        email_change_fns::{CancelEmailChange, ConfirmEmailChange, read_email_change},
        model::{EmailChangeDetail, EmailChangeStep},
        pages::SignInFrame,
    },
};

#[component]
pub(crate) fn EmailChangePage() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token")).unwrap_or_default();
    let data = {
        let token = token.clone();
        PageData::new(|| (), move |()| read_email_change(token.clone()))
    };
    view! {
        <SignInFrame title="Change of an e-mail address">
            <Suspense fallback=|| ()>
                {move || {
                    let token = token.clone();
                    Suspend::new(async move {
                        match data.await {
                            Ok(view) => {
                                let flash = view.flash.map(|flash| view! { <Message flash/> });
                                let change = match view.change {
                                    Some(change) => view! { <Change change token/> }.into_any(),
                                    None => view! { <Expired/> }.into_any(),
                                };
                                view! { {flash} {change} }.into_any()
                            }
                            Err(error) => view! { <Failure error/> }.into_any(),
                        }
                    })
                }}
            </Suspense>
        </SignInFrame>
    }
}

#[component]
fn Change(change: EmailChangeDetail, token: String) -> impl IntoView {
    let EmailChangeDetail { old_email, new_email, state } = change;
    match state {
        EmailChangeStep::Asked => view! { <Question old_email new_email token/> }.into_any(),
        EmailChangeStep::Waiting => {
            let other = if old_email.is_some() { "new" } else { "old" };
            let cancel = old_email.is_some().then(|| view! { <Cancel token/> });
            view! {
                <p role="status">
                    {format!("You have confirmed it. The address is changed as soon as the {other} address confirms it, too: open the link in the mail there.")}
                </p>
                {cancel}
            }
            .into_any()
        }
        EmailChangeStep::Done => view! {
            <p role="status">
                "Done. The address of the account is now " <strong class="break-anywhere">{new_email}</strong>
                ". Sign in with it from now on."
            </p>
            <p><a class="button button-accent" href=Page::Account.path() rel="external">"To the account"</a></p>
        }
        .into_any(),
        EmailChangeStep::Canceled => view! {
            <p role="status">"The change was canceled. The address of the account is what it was."</p>
            <p><a class="button" href=Page::Account.path() rel="external">"To the account"</a></p>
        }
        .into_any(),
    }
}

#[component]
fn Question(old_email: Option<String>, new_email: String, token: String) -> impl IntoView {
    let cancel = old_email.is_some().then(|| view! { <Cancel token=token.clone()/> });
    let question = match old_email {
        Some(old_email) => view! {
            <p>
                "Change the address of your account from " <strong class="break-anywhere">{old_email}</strong> " to "
                <strong class="break-anywhere">{new_email}</strong> "?"
            </p>
            <p class="text-2">"If you did not ask for this, cancel it, then sign in and sign out all browsers on your account page."</p>
        }
        .into_any(),
        None => view! {
            <p>
                "Someone wants to sign in with " <strong class="break-anywhere">{new_email}</strong>
                " from now on. Confirm it only if that was you."
            </p>
        }
        .into_any(),
    };
    view! {
        {question}
        <form method="post" action=ConfirmEmailChange::url()>
            <HiddenField name="token" value=token/>
            <Submit class="button button-accent button-wide">"Confirm the change"</Submit>
        </form>
        {cancel}
    }
}

#[component]
fn Cancel(token: String) -> impl IntoView {
    view! {
        <form method="post" action=CancelEmailChange::url()>
            <HiddenField name="token" value=token/>
            <Submit class="button button-wide">"Cancel the change"</Submit>
        </form>
    }
}

#[component]
fn Expired() -> impl IntoView {
    view! {
        <p>"This link is not valid any more. Links to change an address work for 60 minutes."</p>
        <p><a class="button" href=Page::Account.path() rel="external">"To the account"</a></p>
    }
}
