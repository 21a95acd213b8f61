//! Text that people paste out of mails, chats, spreadsheets and editors, which add and change what cannot be seen: other
//! dashes and spaces, invisible characters, line breaks, quotation marks.
//!
//! Only what has one possible meaning is changed. Signatures are still checked over what is found.

use unicode_normalization::UnicodeNormalization;

use crate::files::certificate::{FileKind, MAX_FILE_BYTES};

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

/// The license or machine file in a text, in the form that its verification expects: without a byte order mark, the text of
/// the mail around it, the signs of a quoted mail, and spaces. `None` unless there is exactly one file.
pub fn find_file(text: &str) -> Option<(FileKind, String)> {
    // What is around a file may be longer than the file, but not without limit.
    if text.len() > 4 * MAX_FILE_BYTES {
        return None;
    }
    let mut found = FileKind::ALL.iter().filter_map(|kind| Some((*kind, content(text, *kind)?)));
    let (kind, content) = found.next()?;
    found.next().is_none().then(|| (kind, format!("{}\n{content}\n{}\n", kind.begin(), kind.end())))
}

/// The base64 between the first and last line of a file.
fn content(text: &str, kind: FileKind) -> Option<String> {
    let name = |marker: &'static str| marker.trim_matches('-');
    let (_, rest) = once(text, name(kind.begin()))?;
    let (inside, _) = once(rest, name(kind.end()))?;
    // Neither dashes nor the signs of quoted mails are letters of base64.
    let is_letter = |letter: &char| !is_ignored(*letter) && as_hyphen(*letter) != '-' && *letter != '>';
    Some(inside.chars().filter(is_letter).collect())
}

/// Splits a text at a marker that is in it exactly once.
fn once<'t>(text: &'t str, marker: &str) -> Option<(&'t str, &'t str)> {
    text.split_once(marker).filter(|(_, rest)| !rest.contains(marker))
}

/// White space, and characters that only affect how others are shown.
fn is_ignored(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

fn as_hyphen(letter: char) -> char {
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

    #[test]
    fn a_file_is_found_in_what_is_around_it() {
        let file = "-----BEGIN LICENSE FILE-----\neyJhIjoi\nYiJ9\n-----END LICENSE FILE-----\n";
        let expected = Some((FileKind::License, file.replacen("oi\nYi", "oiYi", 1)));
        for pasted in [
            file.to_owned(),
            file.replace('\n', "\r\n"),
            format!("\u{feff}{file}"),
            format!("\n\n  {file}"),
            file.replace('\n', "  \n"),
            format!("> > {}", file.replace('\n', "\n> > ")),
            format!("Dear Ada,\n\nhere is your file:\n{file}\nKind regards\n-- \nAcme"),
            file.replace("-----", "\u{2014}\u{2014}-"),
            file.replace('\n', " "),
        ] {
            assert_eq!(find_file(&pasted), expected, "{pasted:?}");
        }
        let machine = file.replace("LICENSE", "MACHINE");
        assert_eq!(find_file(&machine).map(|(kind, _)| kind), Some(FileKind::Machine));
        for other in ["", "CGPT-1234", &format!("{file}{file}"), &format!("{file}{machine}"), "BEGIN LICENSE FILE"] {
            assert_eq!(find_file(other), None, "{other:?}");
        }
        assert_eq!(find_file(&format!("{}{file}", "x".repeat(5 * MAX_FILE_BYTES))), None);
    }
}
