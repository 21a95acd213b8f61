//! `/portal/offline`: activates or deactivates a computer that has no internet.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use latchkey_licensing::air_gap;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    portal::{
        model::{LicenseSummary, OfflineRequest},
        server_fns::offline::{CarryOutRequest, read_request},
        toasts::go_to_result,
    },
    routes::{FormTarget, Page},
    shared::{
        branding::use_branding,
        components::{Failure, Heading, HiddenField, PageTitle, Submit, Time},
        error::UiError,
        page_owner::OwnerField,
    },
};

/// The page: the form for the request, then what the request asks for.
#[component]
pub(crate) fn OfflinePage() -> impl IntoView {
    let query = use_query_map();
    let request = move || query.with(|query| query.get("request")).unwrap_or_default();
    let data = PageData::new(request, read_request);
    view! {
        <PageTitle text="Work offline"/>
        <Heading>"Computers without internet"</Heading>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(Some(asked)) => view! { <Question asked text=request()/> }.into_any(),
                    Ok(None) => view! { <RequestForm text=String::new() is_refused=false/> }.into_any(),
                    Err(UiError::SignedOut) => view! { <Failure error=UiError::SignedOut/> }.into_any(),
                    Err(error) => view! {
                        <Failure error/>
                        <RequestForm text=typed(request()) is_refused=true/>
                    }
                    .into_any(),
                }
            })}
        </Suspense>
    }
}

/// What was typed, if it is a request. Other text, such as a key that was pasted by mistake, is not in the address.
fn typed(request: String) -> String {
    if request.starts_with("lk1.") { request } else { String::new() }
}

#[component]
fn RequestForm(text: String, is_refused: bool) -> impl IntoView {
    let invalid = is_refused.then_some("true");
    view! {
        <section class="card stack measure">
            <h2 class="title-2">"Enter a request"</h2>
            <p>
                "On the computer without internet, choose “Activate without internet” in the app. "
                "Scan the code that it shows with your phone, or enter its text here."
            </p>
            // Sent by POST, so that text pasted by mistake, such as a license key, does not appear in a URL.
            <form method="post" action=FormTarget::OfflineRequest.path() enctype="multipart/form-data">
                <div class="field">
                    <label for="request">"Text of the request"</label>
                    <div class="cluster">
                        <input
                            id="request" name="request" r#type="text" required=true maxlength=air_gap::MAX_BYTES class="grow"
                            autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="lk1.…"
                            // Browsers keep other text in the field instead of sending it.
                            pattern=r"\s*lk1\..*" title="A request begins with lk1."
                            value=text aria-invalid=invalid
                        />
                        <Submit>"Read request"</Submit>
                    </div>
                </div>
            </form>
            <form method="post" action=FormTarget::OfflineRequest.path() enctype="multipart/form-data">
                <div class="field">
                    <label for="file">"Or the file that the app saved"</label>
                    <div class="cluster">
                        <input id="file" name="file" r#type="file" required=true accept=".txt,.lkreq,text/plain" class="grow"/>
                        <Submit>"Upload request"</Submit>
                    </div>
                </div>
            </form>
        </section>
    }
}

/// The computers that occupy the slots, each with a link to free it.
#[component]
fn NoFreeSlots(license: LicenseSummary) -> impl IntoView {
    let can_free = license.rights.frees_computers;
    let no_freeing = UiError::ComputerNotFreeable.text(&use_branding().brand);
    let holders = license.computers.into_iter().map(|computer| {
        let href = Page::FreeComputer(license.id, computer.id).path();
        let label = format!("Free {}", computer.label);
        view! {
            <li>
                <strong>{computer.label}</strong> ", seen " <Time when=computer.last_seen/> ". "
                {can_free.then(|| view! { <a href=href aria-label=label>"Free"</a> })}
            </li>
        }
    });
    view! {
        <div class="notice stack">
            {if can_free {
                view! { <p>"All slots of this license are in use. Free a computer, then return to this page."</p> }.into_any()
            } else {
                view! { <p>"All slots of this license are in use. " {no_freeing}</p> }.into_any()
            }}
            <ul class="list">{holders.collect_view()}</ul>
        </div>
    }
}

#[component]
fn Question(asked: OfflineRequest, text: String) -> impl IntoView {
    let action = FormAction::new::<CarryOutRequest>();
    let failure = go_to_result(action.outcome());
    let OfflineRequest { activates, label, platform, is_active, license } = asked;
    let adds = activates && !is_active;
    // Without a file, the app there does not start.
    let no_files =
        (activates && !license.rights.downloads_files).then(|| UiError::FilesNotOffered.text(&use_branding().brand));
    let notice = no_files.clone().or_else(|| license.status.notice.clone().filter(|_| adds));
    let is_full = adds && no_files.is_none() && license.allows_activation && !license.has_free_slot();
    let may_go_on = no_files.is_none() && (!adds || (license.allows_activation && !is_full));
    let (title, button, what) = match (activates, is_active) {
        (true, false) => (
            format!("Activate {label}?"),
            "Activate this computer",
            "It takes one slot of the license. Then download a license file and copy it to the computer.",
        ),
        (true, true) => (
            format!("{label} is already active"),
            "Go to its license file",
            "You can download another license file for it.",
        ),
        (false, true) => (
            format!("Deactivate {label}?"),
            "Deactivate this computer",
            "The app there has deleted its license file. Its slot is available immediately, and this does not count as freeing a computer yourself.",
        ),
        (false, false) => (format!("{label} is not active"), "Back to the license", "There is nothing to deactivate."),
    };
    view! {
        <section class="card stack measure">
            <h2 class="title-2">{title}</h2>
            <p>{what}</p>
            <dl class="facts">
                <div><dt>"License"</dt><dd>{license.product.clone()} " " <code>{license.masked_key.clone()}</code></dd></div>
                <div><dt>"Computers"</dt><dd>{license.usage()}</dd></div>
                {platform.map(|platform| view! { <div><dt>"System"</dt><dd>{platform}</dd></div> })}
            </dl>
            {notice.map(|notice| view! { <p class="notice">{notice}</p> })}
            {is_full.then(|| view! { <NoFreeSlots license=license.clone()/> })}
            <ServerForm action>
                <OwnerField/>
                <HiddenField name="request" value=text/>
                {failure}
                <div class="cluster">
                    <a class="button" href=Page::Offline.path() rel="external">"Cancel"</a>
                    {may_go_on.then(|| view! {
                        <Submit class="button button-accent" busy=action.pending()>{button}</Submit>
                    })}
                </div>
            </ServerForm>
        </section>
    }
}
