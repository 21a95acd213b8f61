//! Checks the wording of sources and documents: words and phrases that are archaic, ambiguous or translated word for
//! word from another language must not come back. `docs/style.md` says what to write instead.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files and folders that are checked.
const CHECKED: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "app",
    "clippy.toml",
    "content",
    "crates/bench",
    "crates/client",
    "crates/licensing",
    "crates/service",
    "crates/store",
    "crates/testkit",
    "crates/wire",
    "deny.toml",
    "docs",
    "end2end",
    "fuzz",
    "server",
    "style",
    "xtask",
];

/// Folders below these that contain no text of ours.
const SKIPPED: &[&str] = &["artifacts", "corpus", "node_modules", "playwright-report", "target", "test-results"];

/// The file name extensions that are checked.
const EXTENSIONS: &[&str] = &["css", "cs", "js", "md", "mjs", "py", "rs", "sql", "toml"];

/// The phrases to avoid. Case is ignored, whole words are compared, and line breaks and comment markers do not
/// separate a phrase. An underscore separates words, so the parts of identifiers are checked as well.
const AVOIDED: &[&str] = &[
    "but for",
    "deaf",
    "furnish",
    "furnishes",
    "has not a",
    "heard",
    "hearing",
    "is good yet",
    "is none of",
    "is to be",
    "let go",
    "let it go",
    "lets it go",
    "may hold yet",
    "mend",
    "mended",
    "mending",
    "mends",
    "nought",
    "of which none",
    "strand",
    "stranded",
    "stranding",
    "strands",
    "told",
    "untold",
    "what is no",
    "what is not known",
    "whoever",
];

/// Where a phrase is right: the end of the file's path, and the phrase.
const ALLOWED: &[(&str, &str)] = &[
    // Names of an earlier schema.
    ("store/tests/it/migrations.rs", "deaf"),
    ("store/tests/it/migrations.rs", "heard"),
    ("store/tests/it/migrations.rs", "hearing"),
];

/// Files that list the phrases themselves.
const LISTS: &[&str] = &["docs/style.md", "xtask/tests/words.rs"];

/// The words and punctuation marks of a text, with their line numbers.
fn tokens(text: &str) -> Vec<(String, usize)> {
    let mut tokens = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut word = String::new();
        for letter in line.chars().chain([' ']) {
            if letter.is_alphanumeric() {
                word.extend(letter.to_lowercase());
                continue;
            }
            if !word.is_empty() {
                tokens.push((std::mem::take(&mut word), number));
            }
            // White space, comment markers and underscores do not separate the words of a phrase.
            if !letter.is_whitespace() && !"/*!#_".contains(letter) {
                tokens.push((letter.to_string(), number));
            }
        }
    }
    tokens
}

/// The avoided phrases in a text, with their line numbers.
fn find(text: &str) -> Vec<(&'static str, usize)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for phrase in AVOIDED {
        let words: Vec<&str> = phrase.split(' ').collect();
        for window in tokens.windows(words.len()) {
            if let Some((_, line)) = window.first()
                && window.iter().map(|(word, _)| word).eq(words.iter())
            {
                found.push((*phrase, *line));
            }
        }
    }
    found
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if SKIPPED.contains(&name) {
        return Vec::new();
    }
    let entries = fs::read_dir(path).expect("a checked folder exists");
    let mut found: Vec<PathBuf> = entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect();
    found.retain(|file| file.extension().and_then(|end| end.to_str()).is_some_and(|end| EXTENSIONS.contains(&end)));
    found.sort();
    found
}

#[test]
fn avoided_words_do_not_come_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace has a folder");
    let mut problems = Vec::new();
    for file in CHECKED.iter().flat_map(|path| files(&root.join(path))) {
        let name = file.strip_prefix(root).expect("below the workspace").to_string_lossy().replace('\\', "/");
        if LISTS.contains(&name.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a text file");
        for (phrase, line) in find(&text) {
            if !ALLOWED.iter().any(|(end, allowed)| name.ends_with(end) && *allowed == phrase) {
                problems.push(format!("{name}:{line}: \"{phrase}\""));
            }
        }
    }
    assert!(problems.is_empty(), "say this differently (see docs/style.md):\n{}", problems.join("\n"));
}

#[test]
fn phrases_are_found_across_lines_and_in_identifiers() {
    assert_eq!(find("/// All of it, But\n    /// for one."), [("but for", 1)]);
    assert_eq!(find("fn keep_hearing() {}"), [("hearing", 1)]);
    assert_eq!(find("text\n\n * Whoever it is"), [("whoever", 3)]);
    assert_eq!(find("Not one, but, for once, two. A recommended strandline. shearing"), []);
}
