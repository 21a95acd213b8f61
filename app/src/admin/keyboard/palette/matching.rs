//! Which pages match what was typed.

use crate::admin::{model::find::Hit, shell::navigation::Entry};

/// The entries whose words begin with the typed words, all of them for an empty text. Matches at the beginning of the name come
/// first.
pub(crate) fn matching_entries(entries: &[Entry], text: &str) -> Vec<Hit> {
    let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<(bool, &Entry)> = Vec::new();
    for entry in entries {
        let label = entry.label.to_lowercase();
        let words: Vec<&str> = label.split([' ', '-']).chain(entry.also.iter().copied()).collect();
        let has = |wanted: &String| {
            words.iter().any(|word| word.starts_with(wanted.as_str())) || label.starts_with(wanted.as_str())
        };
        if wanted.iter().all(has) {
            found.push((!wanted.first().is_some_and(|first| label.starts_with(first.as_str())), entry));
        }
    }
    found.sort_by_key(|(is_later, _)| *is_later);
    let hit = |entry: &Entry| Hit { title: entry.label.to_owned(), detail: String::new(), href: entry.href.clone() };
    found.into_iter().map(|(_, entry)| hit(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::components::AdminIconName;

    #[test]
    fn pages_are_found_by_the_beginnings_of_their_words() {
        let entry = |label, also| Entry { label, also, href: String::new(), icon: AdminIconName::Dot };
        let entries = [
            entry("Overview", &["home", "start"][..]),
            entry("E-mails", &["outbox"]),
            entry("Events of machines", &[]),
            entry("Machines", &["computers"]),
        ];
        for (text, wanted) in [
            ("", &["Overview", "E-mails", "Events of machines", "Machines"][..]),
            ("m", &["Machines", "E-mails", "Events of machines"]),
            ("MACH", &["Machines", "Events of machines"]),
            ("of ev", &["Events of machines"]),
            ("e-m", &["E-mails"]),
            ("home", &["Overview"]),
            ("achines", &[]),
            ("machines x", &[]),
        ] {
            let found: Vec<String> = matching_entries(&entries, text).into_iter().map(|hit| hit.title).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
