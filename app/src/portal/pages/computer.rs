//! `/portal/licenses/{id}/machines/{id}`: one computer, its name and its license file.

use crate::shared::form_action::{FormAction, ServerForm};
use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    portal::{
        components::{Breadcrumb, Parts},
        model::ComputerDetail,
        server_fns::computers::{RenameComputer, computer},
        toasts::{NotSent, show_result, successes},
    },
    routes::{FormTarget, Page},
    shared::{
        branding::use_branding,
        components::{Heading, HiddenField, PageTitle, Problem, Submit, Time},
        error::UiError,
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn ComputerPage() -> impl IntoView {
    let params = use_params_map();
    let rename = FormAction::new::<RenameComputer>();
    let renamed = rename.outcome();
    let renames = successes(renamed);
    let source = move || {
        let ids = params
            .with(|params| (params.get("license").unwrap_or_default(), params.get("machine").unwrap_or_default()));
        (ids, renames.get())
    };
    let data = PageData::new(source, |((license, machine), _)| computer(license, machine));
    show_result(renamed);
    view! {
        <PageTitle text="Computer"/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(detail) => view! { <Detail detail rename/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Detail(detail: ComputerDetail, rename: FormAction) -> impl IntoView {
    let ComputerDetail { license, computer, name, parts, file_days, file_hours } = detail;
    let free = Page::FreeComputer(license.id, computer.id).path();
    let file = FormTarget::ComputerFile(license.id, computer.id).path();
    let rights = license.rights;
    let title = computer.label.clone();
    view! {
        <Breadcrumb license=license.clone()/>
        <div class="split">
            <Heading>{title}</Heading>
            {rights.frees_computers.then(|| view! { <a class="button" href=free>"Free this computer"</a> })}
        </div>
        <section class="card stack">
            <dl class="facts">
                <div><dt>"System"</dt><dd>{computer.platform.clone().unwrap_or_else(|| "Unknown".to_owned())}</dd></div>
                <div><dt>"App"</dt><dd>{computer.app_version.clone().unwrap_or_else(|| "Unknown".to_owned())}</dd></div>
                <div><dt>"Activated"</dt><dd><Time when=computer.activated.clone()/></dd></div>
                <div><dt>"Last seen"</dt><dd><Time when=computer.last_seen.clone()/></dd></div>
            </dl>
            {rights.renames_computers.then(|| view! {
                <ServerForm action=rename>
                    <OwnerField/>
                    <HiddenField name="license" value=license.id.to_string()/>
                    <HiddenField name="machine" value=computer.id.to_string()/>
                    <div class="field">
                        <label for="name">"Name"</label>
                        <div class="cluster">
                            <input id="name" name="name" r#type="text" maxlength="100" value=name.clone()/>
                            <Submit busy=rename.pending()>"Save name"</Submit>
                        </div>
                        <NotSent result=rename.outcome()/>
                    </div>
                </ServerForm>
            })}
        </section>
        {if rights.downloads_files {
            view! { <OfflineFile file file_days file_hours/> }.into_any()
        } else {
            view! { <NoOfflineFile/> }.into_any()
        }}
        <Parts parts/>
    }
}

/// Says that there are no files for this license, because the documentation of apps describes them.
#[component]
fn NoOfflineFile() -> impl IntoView {
    let text = UiError::FilesNotOffered.text(&use_branding().brand);
    view! {
        <section class="card stack">
            <h2 class="title-2">"Work offline"</h2>
            <p class="measure">{text}</p>
        </section>
    }
}

/// The form that downloads a machine file for this computer. Customers read "license file".
#[component]
fn OfflineFile(file: String, file_days: Vec<u32>, file_hours: u64) -> AnyView {
    let count = |number: u64, unit: &str| if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") };
    let usual = file_days.last().copied();
    let mut choices: Vec<(u32, String)> =
        file_days.into_iter().map(|days| (days, count(u64::from(days), "day"))).collect();
    if choices.is_empty() {
        choices.push((1, count(file_hours, "hour")));
    }
    let options = choices.into_iter().map(|(days, words)| {
        view! { <option value=days.to_string() selected=usual.is_none_or(|usual| usual == days)>{words}</option> }
    });
    view! {
        <section class="card stack">
            <h2 class="title-2">"Work offline"</h2>
            <p class="measure">
                "A license file lets the app run on this computer without internet until the file expires. "
                "Download it, copy it to the computer, and open it in the app. It works only on this computer."
            </p>
            <form method="post" action=file>
                <div class="field">
                    <label for="days">"The file is valid for"</label>
                    <div class="cluster">
                        <select id="days" name="days">{options.collect_view()}</select>
                        <Submit>"Download license file"</Submit>
                    </div>
                </div>
            </form>
            <p class="small text-2">
                "A downloaded file cannot be revoked: it stays valid until it expires, even if you free the computer."
            </p>
        </section>
    }
    .into_any()
}
