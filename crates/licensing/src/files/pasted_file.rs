//! License and machine files that people paste out of mails ([`crate::pasted`]). Signatures are still checked over what is found.

use crate::{
    files::certificate::{FileKind, MAX_FILE_BYTES},
    pasted::{as_hyphen, is_ignored},
};

/// The license or machine file in a text, in the form that its verification expects: without a byte order mark, the text of
/// the mail around it, the signs of a quoted mail, and spaces. `None` unless there is exactly one file.
pub fn find(text: &str) -> Option<(FileKind, String)> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(find(&pasted), expected, "{pasted:?}");
        }
        let machine = file.replace("LICENSE", "MACHINE");
        assert_eq!(find(&machine).map(|(kind, _)| kind), Some(FileKind::Machine));
        for other in ["", "CGPT-1234", &format!("{file}{file}"), &format!("{file}{machine}"), "BEGIN LICENSE FILE"] {
            assert_eq!(find(other), None, "{other:?}");
        }
        assert_eq!(find(&format!("{}{file}", "x".repeat(5 * MAX_FILE_BYTES))), None);
    }
}
