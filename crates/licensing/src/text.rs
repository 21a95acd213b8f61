//! Texts that other people wrote, such as names, and that are shown between our own: which letters they must not have.

pub mod hex;
pub mod nesting;
pub mod pasted;

use std::borrow::Cow;

/// Whether a letter can change how the text around it looks: control characters, line separators, and the controls that let text
/// run in the other direction, of which U+202E makes `gpj.exe` look like `exe.jpg`. Letters of scripts that are written from
/// right to left do not need them.
pub fn is_disruptive(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a text has such a letter.
pub fn has_disruptive(text: &str) -> bool {
    text.contains(is_disruptive)
}

/// The text on one line, with a space in place of each such letter.
pub fn in_line(text: &str) -> Cow<'_, str> {
    if has_disruptive(text) { Cow::Owned(text.replace(is_disruptive, " ")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_that_change_other_text_are_replaced() {
        let controls = ["\n", "\r", "\t", "\0", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}"];
        let directions = [
            "\u{202a}", "\u{202b}", "\u{202c}", "\u{202d}", "\u{202e}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}",
        ];
        for bad in controls.into_iter().chain(directions) {
            let text = format!("a{bad}b");
            assert!(has_disruptive(&text), "{bad:?}");
            assert_eq!(in_line(&text), "a b", "{bad:?}");
        }
        for good in ["Zoë Ångström 山田", "שלום עולם", "مرحبا", "👩‍💻", "a b", ""] {
            assert!(matches!(in_line(good), Cow::Borrowed(same) if same == good), "{good}");
        }
    }
}
