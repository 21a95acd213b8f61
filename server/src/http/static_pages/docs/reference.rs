//! The API reference: what the program knows about its errors and limits, and what a test recorded.

use std::{convert::Infallible, fmt::Write};

use latchkey_app::static_pages::api_reference::Reference;
use latchkey_wire::error::ErrorCode;
use serde_json::Value;

use super::{API, ROOT, examples::Examples, part};
use crate::{
    content::markdown::{self, Part, Places, Rendered},
    http::api,
    settings,
};

const INTRODUCTION: &str = include_str!("../../../../../content/api/introduction.md");

/// What the page is made of, and its parts as plain text. `None` if the recorded examples cannot be read, which tests rule out.
pub(super) fn reference(description: &Value) -> Option<(Reference, Vec<Part>)> {
    let examples = Examples::read()
        .inspect_err(|error| tracing::error!(%error, "the examples of the API cannot be read: {error}"))
        .ok()?;
    let rendered = introduction(&examples);
    let blocks = [("{error_example}", examples.error("activate")), ("{signed_example}", examples.signed.answer())];
    let introduction =
        blocks.iter().fold(rendered.html, |html, (name, block)| html.replace(&format!("<p>{name}</p>"), block));
    let reference = Reference {
        path: API,
        title: rendered.title.unwrap_or_default(),
        summary: rendered.summary,
        introduction,
        parts: rendered.headings.iter().map(part).collect(),
        description: description.clone(),
        examples: examples.html(),
    };
    Some((reference, rendered.parts))
}

fn introduction(examples: &Examples) -> Rendered {
    let limits = settings::Api::default();
    let values = [
        ("{errors}", errors()),
        ("{key_burst}", limits.key_burst.to_string()),
        ("{key_per_minute}", limits.key_per_minute.to_string()),
        ("{network_burst}", limits.network_burst.to_string()),
        ("{network_per_minute}", limits.network_per_minute.to_string()),
        ("{body_limit}", (api::BODY_LIMIT / 1024).to_string()),
        ("{public_key}", examples.public_key.clone()),
    ];
    let text = values.iter().fold(INTRODUCTION.to_owned(), |text, (name, value)| text.replace(name, value));
    let places = Places { root: ROOT, ..Places::default() };
    match markdown::render(&text, places, |_, _| Ok::<_, Infallible>(String::new())) {
        Ok(rendered) => rendered,
        Err(never) => match never {},
    }
}

/// All codes of errors, by status.
fn errors() -> String {
    let mut codes = ErrorCode::ALL.to_vec();
    codes.sort_by_key(|code| (code.status(), code.as_str()));
    let mut table = String::from("| Code | Status | Meaning |\n|---|---|---|\n");
    for code in codes {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{}` | {} | {} |", code.as_str(), code.status(), code.meaning());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_introduction_has_all_errors_and_limits() {
        let rendered = introduction(&Examples::read().expect("the examples"));
        for code in ErrorCode::ALL {
            assert!(rendered.html.contains(&format!("<code>{}</code>", code.as_str())), "{}", code.as_str());
            assert!(code.meaning().ends_with('.') && !code.meaning().contains('|'), "{}", code.as_str());
        }
        assert!(rendered.html.contains("60 at once, then 10 a minute"), "{}", rendered.html);
        for name in ["{error_example}", "{signed_example}"] {
            assert!(rendered.html.contains(&format!("<p>{name}</p>")), "{name}");
        }
        assert_eq!(rendered.html.matches('{').count(), 4, "every other placeholder has a value: {}", rendered.html);
    }
}
