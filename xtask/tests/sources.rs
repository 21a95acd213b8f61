//! Rules about the source text that no compiler checks.

#![expect(clippy::expect_used, reason = "a panic is how a test reports")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder: its path from the root, and its text without the tests at its end.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
                found.push((name, code));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no source");
    found
}

/// The source of the programs: of all crates but what tests share.
fn programs() -> Vec<(String, String)> {
    let mut all = [sources("app/src"), sources("server/src"), sources("frontend/src")].concat();
    for entry in fs::read_dir(root().join("crates")).expect("the crates") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name != "testkit" {
            all.extend(sources(&format!("crates/{name}/src")));
        }
    }
    all
}

/// A path that is spelled twice leads to two places after the first change.
#[test]
fn paths_of_pages_stand_in_one_table() {
    let tables = ["app/src/routes.rs", "app/src/routes/next.rs", "crates/licensing/src/portal_paths.rs"];
    let starts = ["\"/portal", "\"/login", "}/portal", "}/login"];
    for (name, text) in programs() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let is_path = starts.iter().any(|start| line.contains(start));
            assert!(!is_path || tables.contains(&name.as_str()), "{name} spells a page's path: {}", line.trim());
        }
    }
}

/// The programs serve any vendor: one product's name stands in its content alone.
#[test]
fn no_vendor_is_compiled_in() {
    for (name, text) in programs() {
        let names_it = text.to_lowercase().contains("chartgpt");
        assert!(!names_it || name == "crates/service/src/demo.rs", "{name} names the demo's product");
    }
}

/// The areas that a file of the app names: `crate::area::…`, alone or in braces.
fn areas(text: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let mut found: BTreeSet<String> = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        let Some(list) = part.strip_prefix('{') else {
            found.insert(word(part));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && !letter.is_whitespace() => {
                    found.insert(word(&list[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// In the app, areas use each other one way: the table of pages below all, what is shared below the areas.
#[test]
fn areas_of_the_app_point_one_way() {
    let order = ["routes", "shared", "server_side", "theme", "sign_in", "portal", "static_pages", "root"];
    let place: BTreeMap<&str, usize> = order.iter().enumerate().map(|(at, area)| (*area, at)).collect();
    for (name, text) in sources("app/src") {
        let area = name.trim_start_matches("app/src/").split(['/', '.']).next().unwrap_or_default();
        let Some(here) = place.get(area) else {
            assert_eq!(area, "lib", "{name} is of no area: say where it stands");
            continue;
        };
        for used in areas(&text) {
            let there = place.get(used.as_str()).copied().unwrap_or(0);
            assert!(there <= *here, "{name} must not use {used}");
        }
    }
}
