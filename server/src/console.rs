//! The only module that writes to standard output: results of commands, as text or JSON.

use std::{
    borrow::Cow,
    io::{IsTerminal, Write},
};

use latchkey_licensing::text::{has_disruptive, is_disruptive};
use serde::Serialize;

/// Writes a line. A closed pipe is not an error: the reader has read enough.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", harmless(text));
}

pub(crate) fn json(value: &impl Serialize) {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    let _ = writeln!(std::io::stdout().lock(), "{}", escaped(&text));
}

/// A text in which nothing controls the terminal or changes the direction of other text. Line breaks and tabs stay.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |letter: char| is_disruptive(letter) && !matches!(letter, '\n' | '\t');
    if text.contains(is_harmful) { Cow::Owned(text.replace(is_harmful, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// JSON in which such letters, which only strings contain, are escaped.
fn escaped(json: &str) -> Cow<'_, str> {
    if !has_disruptive(json) {
        return Cow::Borrowed(json);
    }
    let escape = |letter: char| {
        if is_disruptive(letter) { format!("\\u{:04x}", u32::from(letter)) } else { letter.to_string() }
    };
    Cow::Owned(json.chars().map(escape).collect())
}

/// Writes a part of a file. A closed pipe is an error, so that the caller stops.
pub(crate) fn part(text: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())
}

pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", harmless(text));
}

/// Asks a yes-or-no question. `None` if there is no terminal.
pub(crate) fn confirm(question: &str) -> Option<bool> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_control_the_terminal() {
        assert_eq!(harmless("a\n\tb"), "a\n\tb");
        assert_eq!(harmless("a\u{1b}[2J\u{202e}b"), "a\u{fffd}[2J\u{fffd}b");
        let value = serde_json::json!({ "name": "a\u{202e}b\u{85}" });
        let text = serde_json::to_string(&value).expect("JSON");
        assert_eq!(escaped(&text), r#"{"name":"a\u202eb\u0085"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped(&text)).expect("JSON"), value);
    }
}
