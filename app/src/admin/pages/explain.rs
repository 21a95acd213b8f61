//! `/admin/licenses/{id}/explain`: why a license does or does not validate.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    admin::{
        components::object::Notices,
        model::object_view::{CheckLine, CheckOutcome, ExplainFields, ExplainView},
        server_fns::objects::admin_explain,
    },
    shared::{
        components::{PageTitle, Problem, StatusBadge},
        model::{Status, Tone},
    },
};

#[component]
pub(crate) fn ExplainPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = move || params.with(|params| params.get("license")).unwrap_or_default();
    let fields = move || {
        query.with(|query| {
            let get = |name: &str| query.get(name).unwrap_or_default();
            ExplainFields {
                fingerprint: get("fingerprint"),
                components: get("components"),
                entitlements: get("entitlements"),
                product: get("product"),
                version: get("version"),
            }
        })
    };
    let view = PageData::new(move || (id(), fields()), |(id, fields)| admin_explain(id, fields));
    view! {
        <PageTitle text="Why does it fail? · Admin"/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <Shown view/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Shown(view: ExplainView) -> impl IntoView {
    let ExplainView { record, action, fields, verdict, checks, machines } = view;
    view! {
        <header class="object-head">
            <nav aria-label="Breadcrumb" class="small"><a class="break-anywhere" href=record.href>{record.label}</a></nav>
            <h1 class="title-1">"Why does it fail?"</h1>
            <p class="text-2 measure">
                "This checks the license as an app would, now. It changes nothing: the license does not count as validated or used."
            </p>
        </header>
        <Notices notices=vec![verdict]/>
        <ol class="card plain-list rows checks">
            {checks.into_iter().map(|check| view! { <Check check/> }).collect_view()}
        </ol>
        <ScopeForm action fields machines/>
    }
}

#[component]
fn Check(check: CheckLine) -> impl IntoView {
    let CheckLine { check, outcome, code, remedy, link } = check;
    let badge = match outcome {
        CheckOutcome::Passed => view! { <StatusBadge status=status("Passes", Tone::Good)/> }.into_any(),
        CheckOutcome::Failed => view! { <StatusBadge status=status("Fails", Tone::Bad)/> }.into_any(),
        CheckOutcome::NotAsked => view! { <span class="small text-2">"Not asked for"</span> }.into_any(),
    };
    view! {
        <li class="stack-small">
            <div class="split">
                <p>{check}</p>
                <p class="cluster">{code.map(|code| view! { <code translate="no">{code}</code> })} {badge}</p>
            </div>
            {remedy.map(|remedy| {
                view! {
                    <p class="small text-2">
                        {remedy} {link.map(|link| view! { " " <a href=link.href>{link.label}</a> })}
                    </p>
                }
            })}
        </li>
    }
}

fn status(word: &str, tone: Tone) -> Status {
    Status { word: word.to_owned(), tone, notice: None }
}

/// What the app asks for.
#[component]
fn ScopeForm(action: String, fields: ExplainFields, machines: Vec<(String, String)>) -> impl IntoView {
    let ExplainFields { fingerprint, components, entitlements, product, version } = fields;
    let known = machines.into_iter().map(|(value, label)| view! { <option value=value>{label}</option> });
    view! {
        <form method="get" action=action class="confirm stack">
            <h2 class="title-2">"Check it for a machine or a feature"</h2>
            <div class="field">
                <label for="explain-fingerprint">"Fingerprint"</label>
                <input
                    id="explain-fingerprint"
                    name="fingerprint"
                    value=fingerprint
                    list="explain-machines"
                    autocomplete="off"
                    spellcheck="false"
                />
                <datalist id="explain-machines">{known.collect_view()}</datalist>
                <p class="hint">"As the app sends it. Empty checks no machine."</p>
            </div>
            <div class="field">
                <label for="explain-components">"Components"</label>
                <input id="explain-components" name="components" value=components autocomplete="off" spellcheck="false"/>
                <p class="hint">"Their fingerprints, separated by spaces. Empty if the app sends none."</p>
            </div>
            <div class="field">
                <label for="explain-entitlements">"Entitlements"</label>
                <input id="explain-entitlements" name="entitlements" value=entitlements autocomplete="off" spellcheck="false"/>
                <p class="hint">"Codes, separated by spaces."</p>
            </div>
            <div class="field">
                <label for="explain-product">"Product"</label>
                <input id="explain-product" name="product" value=product autocomplete="off" spellcheck="false"/>
                <p class="hint">"Its code or id."</p>
            </div>
            <div class="field">
                <label for="explain-version">"Version"</label>
                <input id="explain-version" name="version" value=version autocomplete="off" spellcheck="false"/>
                <p class="hint">"Only if the app sends one. This server does not check versions, so a version fails."</p>
            </div>
            <div class="cluster"><button r#type="submit" class="button button-accent">"Check"</button></div>
        </form>
    }
}
