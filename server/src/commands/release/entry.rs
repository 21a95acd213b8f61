//! Writes a file into the text of `releases.toml`, whose comments and form stay as they are.

use std::fmt::Write;

use latchkey_app::releases::{Build, Place, Release, ReleaseDate, ReleaseList};
use latchkey_licensing::release::{Channel, Version};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What is written.
pub(super) struct Entry<'a> {
    pub(super) version: &'a Version,
    pub(super) channel: Channel,
    pub(super) product: Option<&'a str>,
    pub(super) date: ReleaseDate,
    /// In Markdown.
    pub(super) notes: &'a str,
    /// The lines of the file: keys and values.
    pub(super) lines: Vec<(&'static str, toml::Value)>,
}

impl Entry<'_> {
    /// The text of the file's table.
    fn file(&self) -> String {
        let lines = self.lines.iter().map(|(key, value)| format!("{key} = {value}\n"));
        format!("[[releases.files]]\n{}", lines.collect::<String>())
    }

    /// The text of a release with the file.
    fn release(&self) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        let mut lines = format!("[[releases]]\nversion = {}\n", text(&self.version.to_string()));
        let _ = writeln!(lines, "date = {}", text(&self.date.iso()));
        if self.channel != Channel::Stable {
            let _ = writeln!(lines, "channel = {}", text(self.channel.as_str()));
        }
        if let Some(product) = self.product {
            let _ = writeln!(lines, "product = {}", text(product));
        }
        let notes = self.notes.trim().replace('\\', "\\\\").replace("\"\"\"", "\"\"\\\"");
        let notes = if notes.is_empty() { String::new() } else { format!("\n{notes}\n") };
        let _ = write!(lines, "notes = \"\"\"{notes}\"\"\"\n\n");
        lines + &self.file()
    }

    /// What is added to a list in which the release is, or is not.
    pub(super) fn text(&self, is_listed: bool) -> String {
        if is_listed { self.file() } else { self.release() }
    }

    /// The list with the file: in its release at `at`, or in a new release before all others. `None` if the text has a form to
    /// which nothing can be added.
    pub(super) fn added_to(&self, text: &str, at: Option<usize>) -> Option<String> {
        let document = DeTable::parse(text).ok()?;
        let releases = document.get_ref().get("releases").map(Spanned::get_ref);
        let added = match (releases, at) {
            (Some(releases), Some(at)) => {
                let release = releases.as_array()?.get(at)?;
                let end = line_end(text, end_of(release));
                insert(text, end, &format!("\n{}", self.file()))
            }
            (Some(releases), None) => {
                let first = releases.as_array()?.first()?.get_ref().as_table()?;
                let begins = first.iter().map(|(key, _)| key.span().start).min()?;
                let start = header_start(text, begins)?;
                insert(text, start, &format!("{}\n", self.release()))
            }
            (None, _) => insert(text, text.len(), &format!("{}{}", gap(text), self.release())),
        };
        let list: ReleaseList = toml::from_str(&added).ok()?;
        self.is_in(&list).then_some(added)
    }

    /// Whether a list contains the file as it was to be written.
    fn is_in(&self, list: &ReleaseList) -> bool {
        let value = |key| self.lines.iter().find(|(known, _)| *known == key).and_then(|(_, value)| value.as_str());
        let is_this = |build: &Build| {
            let place = match &build.place {
                Place::Link(url) => url.as_str(),
                Place::Folder(path) => path.as_str(),
            };
            Some(build.sha256.as_str()) == value("sha256") && Some(place) == value("url").or(value("file"))
        };
        let of_version = |release: &&Release| release.version == *self.version;
        list.releases.iter().filter(of_version).any(|release| release.builds.iter().any(is_this))
    }
}

/// Where the last value of a table ends.
fn end_of(value: &Spanned<DeValue<'_>>) -> usize {
    let inner = match value.get_ref() {
        DeValue::Table(table) => table.iter().map(|(_, value)| end_of(value)).max(),
        DeValue::Array(array) => array.iter().map(end_of).max(),
        _ => None,
    };
    inner.unwrap_or(0).max(value.span().end)
}

/// The end of the line with this place, after its line break.
fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Where the header above this place begins, with the comments directly above it.
fn header_start(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let mut start = before.rfind("[[")?;
    if !before.get(..start)?.ends_with('\n') && start > 0 {
        return None;
    }
    while let Some(above) = before.get(..start)?.strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |end| end + 1);
        if !above.get(line..)?.starts_with('#') {
            break;
        }
        start = line;
    }
    // A comment at the very beginning is about the file.
    if start == 0 && before.starts_with('#') { before.rfind("[[") } else { Some(start) }
}

/// What separates a text from what follows.
fn gap(text: &str) -> &'static str {
    match text {
        "" => "",
        text if text.ends_with("\n\n") => "",
        // The line itself is ended where something is inserted.
        _ => "\n",
    }
}

fn insert(text: &str, at: usize, part: &str) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let line = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{line}{part}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# About the file.\n\n";
    const TWO: &str =
        "[[releases]]\nversion = \"2.0.0\" # the second\ndate = \"2026-10-01\"\nnotes = \"\"\"\n[[releases]]\n\"\"\"\n";
    const ONE: &str =
        "# The first.\n[[releases]]\nversion = \"1.0.0\"\ndate = \"2025-01-15\"\nnotes = \"First.\" # really";

    fn entry<'a>(version: &'a Version, notes: &'a str) -> Entry<'a> {
        let date = ReleaseDate::try_from("2026-11-30".to_owned()).expect("a date");
        let lines = vec![
            ("platform", "windows".into()),
            ("file", "builds/a.exe".into()),
            ("size", 3.into()),
            ("sha256", "ab".repeat(32).into()),
        ];
        Entry { version, channel: Channel::of(version), product: None, date, notes, lines }
    }

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn a_file_is_added_to_its_release() {
        let text = format!("{HEAD}{TWO}\n{ONE}");
        let (two, one) = (version("2.0.0"), version("1.0.0"));
        let file = entry(&two, "").text(true);
        let added = entry(&two, "").added_to(&text, Some(0)).expect("added");
        assert_eq!(added, format!("{HEAD}{TWO}\n{file}\n{ONE}"));
        let again = entry(&two, "").added_to(&added, Some(0)).expect("added");
        assert_eq!(again, format!("{HEAD}{TWO}\n{file}\n{file}\n{ONE}"), "after the file that is there");
        let last = entry(&one, "").added_to(&text, Some(1)).expect("added");
        assert_eq!(last, format!("{HEAD}{TWO}\n{ONE}\n\n{file}"));
    }

    #[test]
    fn a_new_release_stands_before_the_others() {
        let three = version("3.0.0-beta.1");
        let notes = "- Say \"\"\"this\"\"\" and C:\\new\n\n[[releases]]\n";
        let entry = entry(&three, notes);
        for (head, rest) in [(HEAD, format!("{TWO}\n{ONE}")), (HEAD, ONE.to_owned()), ("", TWO.to_owned())] {
            let added = entry.added_to(&format!("{head}{rest}"), None).expect("added");
            assert_eq!(added, format!("{head}{}\n{rest}", entry.text(false)));
            let list: ReleaseList = toml::from_str(&added).expect("valid");
            let first = list.releases.first().expect("a release");
            assert_eq!((first.channel, first.notes.source()), (Channel::Beta, notes.trim()));
        }
        for (text, separated) in
            [("", ""), ("# Nothing yet.", "# Nothing yet.\n\n"), ("# Nothing yet.\n", "# Nothing yet.\n\n")]
        {
            let added = entry.added_to(text, None).expect("added");
            assert_eq!(added, format!("{separated}{}", entry.text(false)), "{text:?}");
        }
        // The comment about the file stays where it is.
        let added = entry.added_to(&format!("# About the file.\n{TWO}"), None).expect("added");
        assert!(added.starts_with("# About the file.\n[[releases]]\nversion = \"3.0.0-beta.1\""), "{added}");
    }

    #[test]
    fn a_list_in_another_form_is_left_alone() {
        let two = version("2.0.0");
        let inline = "releases = [{ version = \"2.0.0\", date = \"2026-10-01\", notes = \"\" }]\n";
        assert_eq!(entry(&two, "").added_to(inline, Some(0)), None);
        assert_eq!(entry(&version("3.0.0"), "").added_to(inline, None), None);
        assert_eq!(entry(&two, "").added_to("releases = ", None), None);
    }
}
