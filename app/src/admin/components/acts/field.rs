//! The fields of forms of acts.

use leptos::prelude::*;

use crate::admin::model::objects::{Input, InputKind};

/// A field with its label, its hint, and what is wrong with it.
#[component]
pub(crate) fn FormField(
    input: Input,
    /// Tells the ids of fields apart if a page has several such forms.
    form: &'static str,
) -> impl IntoView {
    let Input { name, label, hint, error, kind } = input;
    let id = format!("{form}-{name}");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = [hint.as_ref().map(|_| hint_id.clone()), error.as_ref().map(|_| error_id.clone())];
    let described: Vec<String> = described.into_iter().flatten().collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let is_check = matches!(kind, InputKind::Check { .. });
    let label = view! { <label for=id.clone()>{label}</label> };
    let control = view! { <Control id name kind described is_wrong=error.is_some()/> };
    let below = view! {
        {error.map(|error| {
            let lines = error.lines().map(|line| view! { <p class="field-error">{line.to_owned()}</p> }).collect_view();
            view! { <div id=error_id>{lines}</div> }
        })}
        {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
    };
    if is_check {
        view! { <div class="field"><p class="check-line">{control} {label}</p> {below}</div> }.into_any()
    } else {
        view! { <div class="field">{label} {control} {below}</div> }.into_any()
    }
}

#[component]
fn Control(id: String, name: String, kind: InputKind, described: Option<String>, is_wrong: bool) -> AnyView {
    let invalid = is_wrong.then_some("true");
    match kind {
        InputKind::Text { value } => {
            view! { <input id=id name=name value=value autocomplete="off" spellcheck="false" aria-invalid=invalid aria-describedby=described/> }
                .into_any()
        }
        InputKind::Email { value } => view! {
            <input id=id name=name value=value r#type="email" required autocomplete="off" aria-invalid=invalid aria-describedby=described/>
        }
        .into_any(),
        InputKind::Number { value } => view! {
            <input id=id name=name value=value inputmode="numeric" autocomplete="off" aria-invalid=invalid aria-describedby=described/>
        }
        .into_any(),
        InputKind::Area { value, rows } => view! { <TextArea id name value rows described invalid/> }.into_any(),
        InputKind::Select { value, options } => view! {
            <select id=id name=name aria-invalid=invalid aria-describedby=described>
                {options
                    .into_iter()
                    .map(|(option, word)| {
                        let is_selected = option == value;
                        view! { <option value=option selected=is_selected>{word}</option> }
                    })
                    .collect_view()}
            </select>
        }
        .into_any(),
        InputKind::Check { is_checked } => {
            view! { <input id=id name=name value="on" r#type="checkbox" checked=is_checked aria-describedby=described/> }
                .into_any()
        }
    }
}

/// A field for a longer text. The framework does not escape the text of this element on the server, so it is done here.
#[component]
fn TextArea(
    id: String,
    name: String,
    value: String,
    rows: u32,
    described: Option<String>,
    invalid: Option<&'static str>,
) -> impl IntoView {
    // Parsers drop a line break at the start.
    let text = format!("\n{}", value.replace('&', "&amp;").replace('<', "&lt;"));
    view! {
        <textarea
            id=id
            name=name
            rows=rows.to_string()
            spellcheck="true"
            aria-invalid=invalid
            aria-describedby=described
            inner_html=text
        ></textarea>
    }
}
