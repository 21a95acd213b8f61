//! Forms that ask for confirmation, each on a page of its own.

use leptos::prelude::*;

use crate::{
    admin::{
        components::acts::field::FormField,
        model::objects::{ConfirmLevel, Confirmation, Entered, TimelineEntry},
    },
    shared::components::{Icon, IconName, Time},
};

/// Asks before an act: names the object and the effects, and for what cannot be undone has a phrase typed.
#[component]
pub(crate) fn ConfirmForm(
    confirmation: Confirmation,
    /// Tells the ids of fields apart if a page has several such forms.
    #[prop(default = "confirm")]
    id: &'static str,
) -> impl IntoView {
    let Confirmation {
        question,
        effects,
        level,
        verb,
        action,
        fields,
        back,
        reasons,
        entered,
        error,
        inputs,
        errors,
        outdated,
        confirm,
    } = confirmation;
    let Entered { reason, note, phrase: typed } = entered;
    let is_final = matches!(level, ConfirmLevel::Irreversible { .. });
    let class = if is_final { "button button-danger" } else { "button button-accent" };
    let error_id = format!("{id}-error");
    let described_by = error.is_some().then(|| error_id.clone());
    view! {
        <form method="post" action=action class="confirm stack" aria-labelledby=format!("{id}-question")>
            {fields.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()}
            <h2 class="title-2" id=format!("{id}-question")>{question}</h2>
            <ul class="list">{effects.into_iter().map(|effect| view! { <li>{effect}</li> }).collect_view()}</ul>
            {error.map(|error| {
                view! {
                    <p class="message message-bad" role="alert" id=error_id>
                        <Icon name=IconName::Warning/>
                        <span>{error}</span>
                    </p>
                }
            })}
            {outdated.map(|changes| view! { <Outdated changes/> })}
            {confirm.map(|page| view! { <ConfirmAgain page/> })}
            {inputs.into_iter().map(|input| view! { <FormField input form=id/> }).collect_view()}
            {(!reasons.is_empty()).then(|| {
                view! { <ReasonField id reasons reason note reason_error=errors.reason note_error=errors.note/> }
            })}
            {match level {
                ConfirmLevel::Irreversible { phrase } => {
                    Some(view! { <PhraseField id phrase typed error=errors.phrase described_by/> })
                }
                ConfirmLevel::Reversible | ConfirmLevel::Costly => None,
            }}
            <div class="cluster">
                <a class="button" href=back>"Cancel"</a>
                <button r#type="submit" class=class>{verb}</button>
            </div>
        </form>
    }
}

/// Why somebody does it: one of the usual reasons, and a note. Both are written to the audit log.
#[component]
fn ReasonField(
    id: &'static str,
    reasons: Vec<(String, String)>,
    reason: String,
    note: String,
    reason_error: Option<String>,
    note_error: Option<String>,
) -> impl IntoView {
    let (reason_id, note_id, hint_id) = (format!("{id}-reason"), format!("{id}-note"), format!("{id}-hint"));
    let (reason_problem, note_problem) = (format!("{id}-reason-error"), format!("{id}-note-error"));
    let of_reason = reason_error.is_some().then(|| reason_problem.clone());
    let of_note = if note_error.is_some() { format!("{hint_id} {note_problem}") } else { hint_id.clone() };
    let options = reasons.into_iter().map(|(value, word)| {
        let is_selected = value == reason;
        view! { <option value=value selected=is_selected>{word}</option> }
    });
    view! {
        <div class="field">
            <label for=reason_id.clone()>"Reason"</label>
            <select
                id=reason_id
                name="reason"
                required
                aria-invalid=of_reason.is_some().then_some("true")
                aria-describedby=of_reason
            >
                <option value="">"Choose a reason"</option>
                {options.collect_view()}
            </select>
            {reason_error.map(|error| view! { <p class="field-error" id=reason_problem>{error}</p> })}
        </div>
        <div class="field">
            <label for=note_id.clone()>"Note"</label>
            <input
                id=note_id
                name="note"
                value=note
                maxlength="500"
                autocomplete="off"
                aria-invalid=note_error.is_some().then_some("true")
                aria-describedby=of_note
            />
            {note_error.map(|error| view! { <p class="field-error" id=note_problem>{error}</p> })}
            <p class="hint" id=hint_id>"Optional. The audit log keeps it with the reason, for good: leave out addresses and keys."</p>
        </div>
    }
}

/// The phrase that shows that the right object is meant.
#[component]
fn PhraseField(
    id: &'static str,
    phrase: String,
    typed: String,
    error: Option<String>,
    described_by: Option<String>,
) -> impl IntoView {
    let field = format!("{id}-phrase");
    let problem = format!("{field}-error");
    let is_wrong = error.is_some() || described_by.is_some();
    let described_by = error.as_ref().map(|_| problem.clone()).or(described_by);
    view! {
        <div class="field">
            <label for=field.clone()>"Type " <code translate="no">{phrase.clone()}</code> " to confirm"</label>
            <input
                id=field
                name="phrase"
                value=typed
                required
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-invalid=is_wrong.then_some("true")
                aria-describedby=described_by
            />
            {error.map(|error| view! { <p class="field-error" id=problem>{error}</p> })}
        </div>
    }
}

/// Says what changed while the form was open. What was entered is still there.
#[component]
fn Outdated(changes: Vec<TimelineEntry>) -> impl IntoView {
    let changes = changes.into_iter().map(|entry| {
        view! { <li>{entry.text} ", " {entry.by} ", " <Time when=entry.when/> {entry.note.map(|note| format!(": {note}"))}</li> }
    });
    view! {
        <div class="message message-bad message-stack" role="alert">
            <p>"This was changed while the page was open, so nothing was done. Check whether it still makes sense, and repeat it."</p>
            <ul class="list">{changes.collect_view()}</ul>
        </div>
    }
}

/// Asks for the second factor without losing what was entered.
#[component]
fn ConfirmAgain(page: String) -> impl IntoView {
    view! {
        <div class="message message-bad message-stack" role="alert">
            <p>"This needs your passkey again, because you last used it more than 5 minutes ago. Nothing was done."</p>
            <p>
                <a href=page target="_blank" rel="external">"Confirm that it is you in a new tab"</a>
                ", then come back and repeat it. What you entered stays here."
            </p>
        </div>
    }
}
