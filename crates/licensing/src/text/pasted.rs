//! Text that people paste out of mails, chats, spreadsheets and editors, which add and change what cannot be seen: other
//! dashes and spaces, invisible characters, line breaks, quotation marks.
//!
//! Only what has one possible meaning is changed.

use unicode_normalization::UnicodeNormalization;

/// The marks that people and programs put around a text.
const AROUND: &[char] = &[
    '"', '\'', '`', '“', '”', '„', '‘', '’', '‚', '«', '»', '‹', '›', '<', '>', '(', ')', '[', ']', '.', ',', ';', ':',
];

/// A text in which neither white space nor marks around it mean anything, such as a license key: without white space and
/// invisible characters, with `-` for every dash, in compatibility form (NFKC), and without the marks around it.
pub fn compact(text: &str) -> String {
    let plain: String = text.nfkc().filter(|letter| !is_ignored(*letter)).map(as_hyphen).collect();
    plain.trim_matches(AROUND).to_owned()
}

/// White space, and characters that only affect how others are shown.
pub(crate) fn is_ignored(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// The letter, with `-` for every dash.
pub(crate) fn as_hyphen(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff0d}' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_removed() {
        for (pasted, text) in [
            ("CGPT-1234", "CGPT-1234"),
            (" CGPT\u{2013}1234\u{200b}\n", "CGPT-1234"),
            ("CGPT\u{2011}12\r\n34\u{feff}", "CGPT-1234"),
            ("\u{201c}CGPT\u{2212}1234\u{201d}.", "CGPT-1234"),
            ("<CGPT-1234>,", "CGPT-1234"),
            ("\u{ff23}\u{ff27}\u{ff30}\u{ff34}\u{ff0d}1234", "CGPT-1234"),
            ("C\u{ad}GPT\u{a0}-\u{2009}1234", "CGPT-1234"),
            ("", ""),
        ] {
            assert_eq!(compact(pasted), text, "{pasted:?}");
        }
    }
}
