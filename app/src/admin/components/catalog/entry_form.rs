//! The form of an entry of the catalog.

use leptos::prelude::*;

use crate::{
    admin::{
        components::{acts::FormField, catalog::plan::Merged},
        model::catalog::{EntryForm, FieldGroup},
    },
    shared::components::{Icon, IconName},
};

/// Fields in groups. The form leads to what the change would do.
#[component]
pub(crate) fn EntryFormCard(form: EntryForm) -> impl IntoView {
    let EntryForm { action, fields, groups, errors, merged, back } = form;
    let wrong = groups.iter().flat_map(|group| &group.inputs).filter(|input| input.error.is_some()).count();
    let summary = match (wrong, errors.len()) {
        (0, 0) => None,
        (0, _) => Some("It cannot be done like this.".to_owned()),
        (1, _) => Some("1 field needs a correction.".to_owned()),
        (count, _) => Some(format!("{count} fields need a correction.")),
    };
    view! {
        <form method="post" action=action class="entry-form stack-large">
            {fields.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()}
            {summary.map(|summary| {
                view! {
                    <div class="message message-bad" role="alert">
                        <Icon name=IconName::Warning/>
                        <div>
                            <p>{summary}</p>
                            {(!errors.is_empty()).then(|| view! {
                                <ul class="list">{errors.into_iter().map(|error| view! { <li>{error}</li> }).collect_view()}</ul>
                            })}
                        </div>
                    </div>
                }
            })}
            <Merged changes=merged/>
            {groups.into_iter().map(|group| view! { <Group group/> }).collect_view()}
            <div class="cluster entry-form-end">
                <a class="button" href=back>"Cancel"</a>
                <button r#type="submit" class="button button-accent">"Review change"</button>
                <p class="small text-2">"Nothing is changed yet."</p>
            </div>
        </form>
    }
}

#[component]
fn Group(group: FieldGroup) -> impl IntoView {
    let FieldGroup { title, hint, inputs } = group;
    view! {
        <fieldset class="card field-group">
            <legend class="title-2">{title}</legend>
            {hint.map(|hint| view! { <p class="hint field-group-hint">{hint}</p> })}
            {inputs.into_iter().map(|input| view! { <FormField input form="entry"/> }).collect_view()}
        </fieldset>
    }
}
