//! The frame of all pages, and the escaping of what people and programs sent.

use std::fmt::Write;

use axum::response::Html;

use crate::stripe::wire::money;

/// A page with a title. The body is HTML.
pub(super) fn page(title: &str, class: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><link rel=\"icon\" href=\"data:,\">\
         <title>{title} · Stripe double</title><style>{style}</style></head><body>\
         <p class=\"banner\" style=\"margin:0\">This is a Stripe double for tests. No money moves.</p>\
         <main class=\"{class}\"><h1>{title}</h1>{body}</main></body></html>",
        title = escape(title),
        style = include_str!("style.css"),
    ))
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

pub(super) fn amount(minor: i64, currency: &str) -> String {
    escape(&money::shown(minor, currency))
}

pub(super) fn problem(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!("<p class=\"problem\" role=\"alert\">{}</p>", escape(message))
    }
}

/// A form with hidden fields and one button, for a control of the desk.
pub(super) fn button(control: &str, hidden: &[(&str, &str)], label: &str) -> String {
    form(control, hidden, "", label)
}

/// As [`button`], with further fields as HTML.
pub(super) fn form(control: &str, hidden: &[(&str, &str)], fields: &str, label: &str) -> String {
    let mut inputs = String::new();
    for (name, value) in hidden {
        write!(inputs, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
            .expect("writing to a string cannot fail");
    }
    format!(
        "<form class=\"inline\" method=\"post\" action=\"/desk/{control}\">{inputs}{fields}<button>{}</button></form>",
        escape(label)
    )
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_people_type_cannot_become_markup() {
        assert_eq!(escape("<a href='x' title=\"&\">"), "&lt;a href=&#39;x&#39; title=&quot;&amp;&quot;&gt;");
    }
}
