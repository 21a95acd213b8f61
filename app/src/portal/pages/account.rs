//! `/portal/account`: name, address, passkeys, sessions.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    portal::{
        components::Passkeys,
        model::{AccountDetail, EmailChangeLine, SessionLine},
        server_fns::{
            account::{EndAllSessions, EndSession, Rename, account},
            email::CancelOwnEmailChange,
        },
        toasts::{NotSent, show_result, successes},
    },
    routes::{FormTarget, Page},
    shared::{
        components::{Heading, HiddenField, PageTitle, Problem, Submit, Time},
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let rename = FormAction::new::<Rename>();
    let end = FormAction::new::<EndSession>();
    let cancel = FormAction::new::<CancelOwnEmailChange>();
    let renamed = rename.outcome();
    let ended = end.outcome();
    let canceled = cancel.outcome();
    let changes = (successes(renamed), successes(ended), successes(canceled));
    let data = PageData::new(move || (changes.0.get(), changes.1.get(), changes.2.get()), |_| account());
    for result in [renamed, ended, canceled] {
        show_result(result);
    }
    view! {
        <PageTitle text="Account"/>
        <Heading>"Account"</Heading>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(AccountDetail { email, name, email_change, .. }) => {
                        view! { <Person email name email_change rename cancel/> }.into_any()
                    }
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
        // Outside of what waits for the account: the server renders suspended content more than once, and a resource
        // created in it would get another number there than in the browser.
        <Passkeys/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                let sessions = data.await.ok()?.sessions;
                Some(view! { <Sessions sessions end/> })
            })}
        </Transition>
        <YourData/>
    }
}

#[component]
fn Person(
    email: String,
    name: Option<String>,
    email_change: Option<EmailChangeLine>,
    rename: FormAction,
    cancel: FormAction,
) -> impl IntoView {
    view! {
        <section class="card stack">
            <h2 class="title-2">"You"</h2>
            <div class="split">
                <dl class="facts"><div><dt>"E-mail address"</dt><dd class="break-anywhere">{email}</dd></div></dl>
                <a class="button button-small" href=Page::ChangeEmail.path()>"Change address"</a>
            </div>
            {email_change.map(|change| view! { <PendingChange change cancel/> })}
            <ServerForm action=rename>
                <OwnerField/>
                <div class="field">
                    <label for="name">"Name"</label>
                    <div class="cluster">
                        <input id="name" name="name" r#type="text" autocomplete="name" maxlength="100" value=name/>
                        <Submit busy=rename.pending()>"Save name"</Submit>
                    </div>
                    <NotSent result=rename.outcome()/>
                </div>
            </ServerForm>
        </section>
    }
}

/// What people may ask for: their data, and that it is erased.
#[component]
fn YourData() -> impl IntoView {
    view! {
        <section class="card stack">
            <h2 class="title-2">"Your data"</h2>
            <p class="text-2">"Save everything that is kept about you as a file (JSON), or delete your account."</p>
            <div class="cluster">
                // A file, which scripts cannot save.
                <form method="post" action=FormTarget::DataExport.path()>
                    <OwnerField/>
                    <Submit>"Export my data"</Submit>
                </form>
                <a class="button" href=Page::DeleteAccount.path()>"Delete my account"</a>
            </div>
        </section>
    }
}

/// A change of the address that has yet to be confirmed.
#[component]
fn PendingChange(change: EmailChangeLine, cancel: FormAction) -> impl IntoView {
    let EmailChangeLine { new_email, waits_for, expires } = change;
    view! {
        <div class="notice stack-small">
            <p>
                "Change to " <strong class="break-anywhere">{new_email}</strong> ": waiting until it is confirmed from "
                <span class="break-anywhere">{waits_for.join(" and ")}</span> ". The links in the mails work until "
                <time datetime=expires.iso>{expires.exact}</time> "."
            </p>
            <ServerForm action=cancel>
                <OwnerField/>
                <Submit class="button button-small" busy=cancel.pending()>"Cancel the change"</Submit>
                <NotSent result=cancel.outcome()/>
            </ServerForm>
        </div>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionLine>, end: FormAction) -> impl IntoView {
    view! {
        <section class="card stack">
            <h2 class="title-2">"Signed-in browsers"</h2>
            <table class="table">
                <caption class="visually-hidden">"Browsers that are signed in to your account"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Browser"</th>
                        <th scope="col">"Network"</th>
                        <th scope="col">"Signed in"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col"><span class="visually-hidden">"Action"</span></th>
                    </tr>
                </thead>
                <tbody>
                    {sessions.into_iter().map(|session| view! { <SessionRow session end/> }).collect_view()}
                </tbody>
            </table>
            <SignOutEverywhere/>
        </section>
    }
}

/// Asks before all sessions are ended, this one included. It needs no script.
#[component]
fn SignOutEverywhere() -> impl IntoView {
    view! {
        <details class="question">
            <summary class="button">"Sign out everywhere…"</summary>
            <div class="notice stack-small">
                <p>"All browsers are signed out, this one too. To sign in again, you need your e-mail or a passkey."</p>
                <form method="post" action=EndAllSessions::url()>
                    <OwnerField/>
                    <button r#type="submit" class="button button-danger">"Sign out everywhere"</button>
                </form>
            </div>
        </details>
    }
}

#[component]
fn SessionRow(session: SessionLine, end: FormAction) -> impl IntoView {
    let label = format!("Sign out {}, signed in {}", session.agent, session.opened.words);
    let not_sent = end.outcome_of(&session.id);
    let action = if session.is_current {
        view! { <span class="badge">"This browser"</span> }.into_any()
    } else {
        view! {
            <ServerForm action=end>
                <OwnerField/>
                <HiddenField name="id" value=session.id.clone()/>
                <Submit class="button button-small" busy=end.pending() label>"Sign out"</Submit>
                <NotSent result=not_sent/>
            </ServerForm>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{session.agent}</th>
            <td data-label="Network">{session.network}</td>
            <td data-label="Signed in"><Time when=session.opened/></td>
            <td data-label="Last used"><Time when=session.last_used/></td>
            <td class="actions">{action}</td>
        </tr>
    }
}
