//! `/portal/licenses/{id}/new-key`: explains what replacing a key does, and asks for confirmation.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    portal::{
        components::{Breadcrumb, LicenseFacts},
        model::LicenseSummary,
        server_fns::licenses::{ReplaceKey, license},
        toasts::go_to_result,
    },
    routes::Page,
    shared::{
        components::{Heading, HiddenField, PageTitle, Problem, Submit},
        error::UiError,
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn NewKeyPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("license")).unwrap_or_default();
    let data = PageData::new(id, license);
    view! {
        <PageTitle text="Replace a key"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(detail) if detail.license.can_replace_key => {
                        view! { <Question license=detail.license/> }.into_any()
                    }
                    Ok(detail) if !detail.license.allows_activation => view! { <Problem error=UiError::LicenseNotValid/> }.into_any(),
                    Ok(_) => view! { <Problem error=UiError::KeyNotReplaceable/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Question(license: LicenseSummary) -> impl IntoView {
    let action = FormAction::new::<ReplaceKey>();
    let failure = go_to_result(action.outcome());
    let back = Page::License(license.id).path();
    let computers = match license.computer_count {
        0 => "No computer uses this license, so nothing stops working.".to_owned(),
        1 => format!("{} stays activated, but the app there asks for the new key.", name(&license, 0)),
        more => format!("All {more} computers stay activated, but the app there asks for the new key."),
    };
    view! {
        <Breadcrumb license=license.clone()/>
        <div class="with-rail">
        <section class="card stack">
            <Heading>"Replace this key?"</Heading>
            <p>{format!("The key {} of {} stops working immediately. Do this if someone else may have the key.", license.masked_key, license.product)}</p>
            <ul class="list">
                <li>{computers}</li>
                <li>"License files made with the old key can only be opened in apps that still have that key, and stay valid until they expire."</li>
                <li>"The old key cannot be restored."</li>
                <li>"The new key is also sent to your e-mail address."</li>
            </ul>
            <ServerForm action>
                <OwnerField/>
                <HiddenField name="id" value=license.id.to_string()/>
                {failure}
                <div class="cluster">
                    <a class="button" href=back>"Cancel"</a>
                    <Submit class="button button-danger" busy=action.pending()>"Replace the key"</Submit>
                </div>
            </ServerForm>
        </section>
        <LicenseFacts license/>
        </div>
    }
}

fn name(license: &LicenseSummary, at: usize) -> String {
    license.computers.get(at).map_or_else(String::new, |computer| computer.label.clone())
}
