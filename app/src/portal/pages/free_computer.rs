//! `/portal/licenses/{id}/machines/{id}/free`: asks for confirmation before a computer is freed.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    portal::{
        components::{Breadcrumb, LicenseFacts},
        model::{Computer, FreeConfirmation, LicenseSummary},
        server_fns::licenses::{FreeComputer, confirm_free_computer},
        toasts::go_to_result,
    },
    routes::Page,
    shared::{
        branding::use_branding,
        components::{Heading, HiddenField, PageTitle, Problem, Submit, Time},
        error::UiError,
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn FreeComputerPage() -> impl IntoView {
    let params = use_params_map();
    let ids = move || {
        params.with(|params| (params.get("license").unwrap_or_default(), params.get("machine").unwrap_or_default()))
    };
    let data = PageData::new(ids, |(license, machine)| confirm_free_computer(license, machine));
    view! {
        <PageTitle text="Free a computer"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(FreeConfirmation { license, computer: Some(computer) }) => {
                        view! { <Question license computer/> }.into_any()
                    }
                    Ok(FreeConfirmation { license, computer: None }) => view! { <AlreadyFree license/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Question(license: LicenseSummary, computer: Computer) -> impl IntoView {
    let action = FormAction::new::<FreeComputer>();
    let failure = go_to_result(action.outcome());
    let back = Page::License(license.id).path();
    let title = format!("Free {}?", computer.label);
    let swaps = license.swaps.clone();
    let none_left = swaps.as_ref().filter(|swaps| swaps.left == 0).map(|swaps| swaps.next.clone());
    let is_offered = license.rights.frees_computers;
    let may_free = is_offered && none_left.is_none();
    let contact = use_branding().brand.contact();
    view! {
        <Breadcrumb license=license.clone()/>
        <div class="with-rail">
        <section class="card stack">
            <Heading>{title}</Heading>
            {is_offered.then(|| view! {
                <p>
                    {format!("{} on {} stops working at its next check. ", license.product, computer.label)}
                    "Its slot is available immediately, so you can activate another computer with the same key."
                </p>
            })}
            {(!is_offered).then(|| view! {
                <p class="notice">{UiError::ComputerNotFreeable.text(&use_branding().brand)}</p>
            })}
            {computer.may_hold_file.then(|| view! {
                <p>"It may have a license file. Without internet, the app there continues to work until that file expires."</p>
            })}
            <p class="text-2">
                "Last seen " <Time when=computer.last_seen.clone()/> ", activated " <Time when=computer.activated.clone()/> "."
            </p>
            {swaps.filter(|_| may_free).map(|swaps| view! {
                <p class="text-2">"Computers that you can free yourself: " <strong>{swaps.words()}</strong> "."</p>
            })}
            {none_left.filter(|_| is_offered).map(|next| view! {
                <p class="notice">
                    "You have freed as many computers as this license allows for now. "
                    {next.map(|when| view! { "You can free the next one on " <Time when/> ". " })}
                    {format!("If you need it sooner, {contact}.")}
                </p>
            })}
            <ServerForm action>
                <OwnerField/>
                <HiddenField name="license" value=license.id.to_string()/>
                <HiddenField name="machine" value=computer.id.to_string()/>
                {failure}
                <div class="cluster">
                    <a class="button" href=back>{if may_free { "Cancel" } else { "Back to the license" }}</a>
                    {may_free.then(|| view! {
                        <Submit class="button button-danger" busy=action.pending()>"Free this computer"</Submit>
                    })}
                </div>
            </ServerForm>
        </section>
        <LicenseFacts license/>
        </div>
    }
}

#[component]
fn AlreadyFree(license: LicenseSummary) -> impl IntoView {
    let back = Page::License(license.id).path();
    view! {
        <Breadcrumb license/>
        <section class="card stack">
            <Heading>"Already free"</Heading>
            <p>"That computer no longer uses this license. There is nothing to do."</p>
            <p><a class="button" href=back>"Back to the license"</a></p>
        </section>
    }
}
