//! Rules for the source text that the compiler does not check.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder: the path from the root, and the text without the tests at its end.
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
    assert!(!found.is_empty(), "{folder} contains no sources");
    found
}

/// The sources of the programs: all crates except the ones that only tests use.
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

/// If a page's path were written in two places, a change of one would break links.
#[test]
fn paths_of_pages_are_only_in_one_table() {
    let tables = [
        "app/src/routes.rs",
        "app/src/routes/next.rs",
        "app/src/routes/targets.rs",
        "crates/licensing/src/portal_paths.rs",
    ];
    let starts = ["\"/portal", "\"/login", "}/portal", "}/login", "\"/admin", "}/admin"];
    for (name, text) in programs() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let is_path = starts.iter().any(|start| line.contains(start));
            assert!(!is_path || tables.contains(&name.as_str()), "{name} spells a page's path: {}", line.trim());
        }
    }
}

/// The programs serve any vendor: a product's name may only be in the content.
#[test]
fn no_vendor_is_hard_coded() {
    for (name, text) in programs() {
        let names_it = text.to_lowercase().contains("chartgpt");
        assert!(!names_it || name == "crates/service/src/operation/startup/demo.rs", "{name} names the demo's product");
    }
}

/// Requests act on behalf of a person, whose role and second factor are checked. Only commands act for the host.
#[test]
fn nothing_that_serves_requests_acts_for_the_host() {
    for (name, text) in [sources("app/src"), sources("server/src/http")].concat() {
        assert!(!text.contains("Operator"), "{name} names the operator of the host");
    }
}

/// The areas of the app that a file refers to: `crate::area::…`, alone or in braces.
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

/// In the app, areas depend on each other in one direction: the table of pages is the lowest, then what is
/// shared, then the areas.
#[test]
fn areas_of_the_app_depend_in_one_direction() {
    let order =
        ["routes", "shared", "server_side", "theme", "sign_in", "checkout", "portal", "admin", "static_pages", "root"];
    let place: BTreeMap<&str, usize> = order.iter().enumerate().map(|(at, area)| (*area, at)).collect();
    for (name, text) in sources("app/src") {
        let area = name.trim_start_matches("app/src/").split(['/', '.']).next().unwrap_or_default();
        let Some(here) = place.get(area) else {
            assert_eq!(area, "lib", "{name} is in no area: add it to the table");
            continue;
        };
        for used in areas(&text) {
            let there = place.get(used.as_str()).copied().unwrap_or(0);
            assert!(there <= *here, "{name} must not use {used}");
        }
    }
}
