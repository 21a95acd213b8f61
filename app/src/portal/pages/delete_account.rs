//! `/portal/account/delete`: says what goes and what stays, and asks for confirmation before the account is deleted.

use crate::shared::page_data::PageData;
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    portal::{
        components::Proof,
        model::{DeletionView, UnfinishedLine},
        server_fns::deletion::{DeleteAccount, deletion_form},
    },
    routes::{FormTarget, Page},
    shared::{
        components::{Heading, PageTitle, Problem, Submit},
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn DeleteAccountPage() -> impl IntoView {
    let data = PageData::new(|| (), |()| deletion_form());
    view! {
        <PageTitle text="Delete account"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(form) => view! { <Question form/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Question(form: DeletionView) -> impl IntoView {
    let DeletionView { form, licenses, orders, unfinished } = form;
    let has_licenses = licenses > 0;
    let next = match form.proof {
        _ if !unfinished.is_empty() => view! { <Obstacles unfinished/> }.into_any(),
        Some(href) => view! { <Proof href/> }.into_any(),
        None => view! { <Form email=form.email typed=form.typed/> }.into_any(),
    };
    view! {
        <nav aria-label="Breadcrumb" class="breadcrumb small"><a href=Page::Account.path()>"Account"</a></nav>
        <section class="card stack">
            <Heading>"Delete your account?"</Heading>
            <p>"This cannot be undone."</p>
            <h2 class="title-3">"What is erased"</h2>
            <ul class="list">
                <li>"Your e-mail address and name. You can no longer sign in with the address."</li>
                <li>"All sessions, passkeys and recovery codes, the mails to you that are still stored, and notes about you."</li>
                <li>"The names of your computers."</li>
            </ul>
            <h2 class="title-3">"What stays"</h2>
            <ul class="list">
                {has_licenses.then(|| view! {
                    <li>{licenses_stay(licenses)}</li>
                    <li>"Nobody can look up, replace or move a key any more. Copy what you want to keep using first."</li>
                })}
                {(orders > 0).then(|| view! { <li>{orders_stay(orders)}</li> })}
                <li>"The record of what happened, without your address, under a number that no longer leads to you."</li>
            </ul>
            {has_licenses.then(|| view! { <p><a href=Page::Licenses.path()>"Show your licenses and keys"</a></p> })}
            // A file, which scripts cannot save.
            <form method="post" action=FormTarget::DataExport.path()>
                <OwnerField/>
                <Submit class="button button-small">"Export my data first"</Submit>
            </form>
            {next}
        </section>
    }
}

fn licenses_stay(licenses: usize) -> String {
    match licenses {
        1 => "Your license, which then belongs to nobody. The app keeps working with its key.".to_owned(),
        more => format!("Your {more} licenses, which then belong to nobody. The app keeps working with their keys."),
    }
}

fn orders_stay(orders: usize) -> String {
    let what = if orders == 1 { "Your order".to_owned() } else { format!("Your {orders} orders") };
    format!("{what} without your address, because tax law requires them to be kept, with the name on the receipt.")
}

#[component]
fn Form(email: String, typed: String) -> impl IntoView {
    view! {
        <form method="post" action=DeleteAccount::url() class="stack">
            <OwnerField/>
            <div class="field">
                <label for="phrase">"Type " <strong class="break-anywhere">{email}</strong> " to confirm"</label>
                <input id="phrase" name="phrase" r#type="text" autocomplete="off" autocapitalize="none" spellcheck="false" required maxlength="254" value=typed/>
            </div>
            <div class="cluster">
                <a class="button" href=Page::Account.path()>"Cancel"</a>
                <Submit class="button button-danger">"Delete my account"</Submit>
            </div>
        </form>
    }
}

#[component]
fn Obstacles(unfinished: Vec<UnfinishedLine>) -> impl IntoView {
    let lines = unfinished.into_iter().map(|line| {
        let href = Page::Order(line.order).path();
        view! { <li>{line.text} " " <a href=href>{format!("Order {}", line.number)}</a></li> }
    });
    view! {
        <div class="notice stack-small">
            <p>"Your account cannot be deleted yet:"</p>
            <ul class="list">{lines.collect_view()}</ul>
        </div>
        <p><a class="button" href=Page::Account.path()>"Back to your account"</a></p>
    }
}
