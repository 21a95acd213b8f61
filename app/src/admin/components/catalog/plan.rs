//! What a change of the catalog would do, before it happens.

use leptos::prelude::*;

use crate::{
    admin::{
        components::{acts::ConfirmForm, catalog::FileCard, object::Notices},
        model::{
            catalog::{FieldChange, PlanObstacle, PlanStep, PlanView},
            object_view::Notice,
        },
    },
    shared::model::Tone,
};

/// The changes, the warnings, the licenses that would break, and the form that applies it.
#[component]
pub(crate) fn PlanCard(plan: PlanView) -> impl IntoView {
    let PlanView { steps, warnings, obstacles, merged, confirmation, edit, back, file } = plan;
    let is_empty = steps.is_empty();
    let is_blocked = !obstacles.is_empty();
    let warnings = warnings.into_iter().map(|text| Notice { tone: Tone::Warn, text, link: None }).collect::<Vec<_>>();
    let ways = view! { <Ways edit back/> };
    view! {
        <div class="stack-large plan">
            <Merged changes=merged/>
            {is_empty.then(|| view! { <p>"Nothing changes: the catalog already has these values."</p> })}
            {steps.into_iter().map(|step| view! { <Step step/> }).collect_view()}
            <Notices notices=warnings/>
            {is_blocked.then(|| view! {
                <section class="stack" aria-label="Why it cannot be applied">
                    <h2 class="title-2">"Why it cannot be applied"</h2>
                    {obstacles.into_iter().map(|obstacle| view! { <Obstacle obstacle/> }).collect_view()}
                </section>
            })}
            {ways}
            {confirmation.map(|confirmation| view! { <ConfirmForm confirmation=*confirmation/> })}
            <FileCard file/>
        </div>
    }
}

/// Back to the form with everything that was entered, or to the entry.
#[component]
fn Ways(edit: Option<(String, Vec<(String, String)>)>, back: String) -> impl IntoView {
    match edit {
        Some((action, fields)) => view! {
            <form method="post" action=action class="cluster">
                {fields
                    .into_iter()
                    .map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> })
                    .collect_view()}
                <button r#type="submit" class="button">"Keep editing"</button>
            </form>
        }
        .into_any(),
        None => view! { <p><a class="button" href=back>"Back"</a></p> }.into_any(),
    }
}

#[component]
fn Step(step: PlanStep) -> impl IntoView {
    let PlanStep { title, licenses, has_before, fields } = step;
    let caption = title.clone();
    let is_empty = fields.is_empty();
    let rows = fields.into_iter().map(|FieldChange { label, before, after }| {
        view! {
            <tr>
                <th scope="row">{label}</th>
                {has_before.then(|| view! { <td data-label="Now"><span class="plan-before">{before}</span></td> })}
                <td data-label=if has_before { "Afterwards" } else { "Value" }><strong>{after}</strong></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="stack-small">
            <div class="split">
                <h2 class="title-2">{title}</h2>
                {licenses.map(|link| view! { <p class="small"><a href=link.href>{link.label}</a></p> })}
            </div>
            {(!is_empty).then(|| view! {
                <div class="card card-flush data-card">
                    <table class="table plan-table">
                        <caption class="visually-hidden">{caption}</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Field"</th>
                                {has_before.then(|| view! { <th scope="col">"Now"</th> })}
                                <th scope="col">{if has_before { "Afterwards" } else { "Value" }}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            })}
        </section>
    }
}

#[component]
fn Obstacle(obstacle: PlanObstacle) -> impl IntoView {
    let PlanObstacle { notice, examples, remedy } = obstacle;
    view! {
        <div class="stack-small">
            <Notices notices=vec![notice]/>
            {(!examples.is_empty()).then(|| view! {
                <ul class="list">
                    {examples
                        .into_iter()
                        .map(|link| view! { <li><a class="break-anywhere" href=link.href>{link.label}</a></li> })
                        .collect_view()}
                </ul>
            })}
            <p>{remedy}</p>
        </div>
    }
}

/// Says what somebody else changed while the form was open.
#[component]
pub(super) fn Merged(changes: Vec<FieldChange>) -> impl IntoView {
    let is_empty = changes.is_empty();
    let lines = changes.into_iter().map(|FieldChange { label, before, after }| {
        view! { <li>{label} ": " {before} ", now " <strong>{after}</strong></li> }
    });
    let lines = lines.collect_view();
    (!is_empty).then(|| {
        view! {
            <div class="message message-warn message-stack" role="status">
                <p>"Somebody else changed this entry while the page was open. What you did not touch now has the new values; what you entered is kept."</p>
                <ul class="list">{lines}</ul>
            </div>
        }
    })
}
