//! `/portal/account`: name, address, passkeys, sessions.

use leptos::{form::ActionForm, prelude::*, server_fn::ServerFn};

use crate::{
    portal::{
        components::Passkeys,
        model::{AccountDetail, SessionLine},
        server_fns::account::{EndAllSessions, EndSession, Rename, account},
        toasts::show_result,
    },
    shared::components::{HiddenField, PageTitle, Problem, Submit, Time},
};

#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let rename = ServerAction::<Rename>::new();
    let end = ServerAction::<EndSession>::new();
    let data = Resource::new(move || (rename.version().get(), end.version().get()), |_| account());
    show_result(Signal::derive(move || rename.value().get()));
    show_result(Signal::derive(move || end.value().get()));
    view! {
        <PageTitle text="Account"/>
        <h1 class="title-1">"Account"</h1>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(AccountDetail { email, name, .. }) => view! { <Person email name rename/> }.into_any(),
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
    }
}

#[component]
fn Person(email: String, name: Option<String>, rename: ServerAction<Rename>) -> impl IntoView {
    view! {
        <section class="card stack measure">
            <h2 class="title-2">"You"</h2>
            <dl class="facts"><div><dt>"E-mail address"</dt><dd class="break-anywhere">{email}</dd></div></dl>
            <ActionForm action=rename>
                <div class="field">
                    <label for="name">"Name"</label>
                    <div class="cluster">
                        <input id="name" name="name" r#type="text" autocomplete="name" maxlength="100" value=name/>
                        <Submit busy=rename.pending()>"Save name"</Submit>
                    </div>
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionLine>, end: ServerAction<EndSession>) -> impl IntoView {
    view! {
        <section class="card stack">
            <div class="split">
                <h2 class="title-2">"Signed-in browsers"</h2>
                <form method="post" action=EndAllSessions::url()>
                    <button r#type="submit" class="button">"Sign out everywhere"</button>
                </form>
            </div>
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
        </section>
    }
}

#[component]
fn SessionRow(session: SessionLine, end: ServerAction<EndSession>) -> impl IntoView {
    let label = format!("Sign out {}, signed in {}", session.agent, session.opened.words);
    let action = if session.is_current {
        view! { <span class="badge">"This browser"</span> }.into_any()
    } else {
        view! {
            <ActionForm action=end>
                <HiddenField name="id" value=session.id/>
                <Submit class="button button-small" busy=end.pending() label>"Sign out"</Submit>
            </ActionForm>
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
