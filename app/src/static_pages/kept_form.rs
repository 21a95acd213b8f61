//! A form that was not carried out, with everything that was entered, and a way to send it again.

use latchkey_licensing::portal_paths;
use leptos::prelude::*;

use crate::{
    routes::{self, NextPath, confirm_for},
    static_pages::{
        document::{Look, render},
        plain::Page,
    },
};

/// The field with the version of the record that a form was made for. People do not see it.
const VERSION: &str = "version";

/// Why a form was not carried out, and the page that changes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The session has ended.
    SignedOut,
    /// The second factor has yet to be presented.
    Unconfirmed,
}

/// The form that was sent to `path`, which was not carried out, with everything that was entered, and a way to send it again.
pub fn kept_form(look: Look, why: NotSent, path: &str, fields: &[(String, String)]) -> String {
    let next = NextPath::after_sign_in(path, None);
    let (title, text, href, link) = match why {
        NotSent::SignedOut => (
            "Your session has ended",
            "Nothing was done. What you entered is kept on this page. Sign in in a new tab, come back to this one, and send it again.",
            next.as_ref().map_or_else(|| portal_paths::SIGN_IN.to_owned(), NextPath::sign_in),
            "Sign in in a new tab",
        ),
        NotSent::Unconfirmed => (
            "Confirm that it is you",
            "Nothing was done. What you entered is kept on this page. Confirm in a new tab that it is you, come back to this one, and send it again.",
            next.as_ref().map_or_else(|| routes::Page::Confirm.path(), |next| confirm_for(next.as_str())),
            "Confirm in a new tab",
        ),
    };
    let (path, entered, fields) = (path.to_owned(), entered(fields), fields.to_vec());
    render(|| {
        let hidden = fields.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> });
        let entered = entered.into_iter().map(|(name, values)| {
            let values = values.into_iter().map(|value| view! { <dd class="break-anywhere as-typed">{value}</dd> });
            view! { <div><dt>{name}</dt>{values.collect_view()}</div> }
        });
        view! {
            <Page title look>
                <h1 class="title-1">{title}</h1>
                <p class="text-2">{text}</p>
                <dl class="facts">{entered.collect_view()}</dl>
                <form method="post" action=path class="cluster">
                    {hidden.collect_view()}
                    <a class="button button-accent" href=href target="_blank" rel="noopener">{link}</a>
                    <button r#type="submit" class="button">"Send again"</button>
                </form>
            </Page>
        }
    })
}

/// What a person entered into a form, by field: without empty fields, and without the version of the record.
fn entered(fields: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in fields.iter().filter(|(name, value)| name != VERSION && !value.trim().is_empty()) {
        let words = in_words(name);
        match found.iter_mut().find(|(known, _)| *known == words) {
            Some((_, values)) => values.push(value.clone()),
            None => found.push((words, vec![value.clone()])),
        }
    }
    found
}

/// The name of a field as a label: `max_machines` is `Max machines`.
fn in_words(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
