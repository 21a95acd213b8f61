//! The documentation: what it shows works as it stands.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use clap::{CommandFactory, error::ErrorKind};
use latchkey_licensing::validation::ValidationCode;
use latchkey_server::{
    cli::Cli,
    settings::{self, Settings, Sources},
};
use latchkey_testkit::Backend;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{Connection, Executor};

use crate::support::{
    app::{TestApp, run},
    host::{Host, text},
};

/// The texts of all pages by name, such as `quick-start`, and the README.
fn pages() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = BTreeMap::new();
    let mut paths: Vec<PathBuf> = vec![root.join("content/docs"), root.join("README.md")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|end| end == "md") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            assert!(pages.insert(name.clone(), fs::read_to_string(path).expect("text")).is_none(), "two pages {name}");
        }
    }
    pages
}

fn page(name: &str) -> String {
    pages().remove(name).unwrap_or_else(|| panic!("there is no page {name}"))
}

/// The blocks of a page with their languages. What else stands after the fence is left out.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for line in page.lines() {
        // Blocks in lists are indented.
        let indent = line.len() - line.trim_start().len();
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some((info.split(' ').next().unwrap_or_default().to_owned(), String::new(), indent));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(kind, text, _)| (kind, text))),
            (None, Some((_, text, indent))) => {
                text.push_str(line.get(*indent..).unwrap_or_default());
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The commands of the program in a text, as lists of words.
fn commands(script: &str) -> Vec<Vec<String>> {
    let script = script.replace("\\\n", " ");
    // A function for other commands is not one itself.
    let lines =
        script.lines().filter(|line| !line.contains("() {")).map(|line| line.split(" #").next().unwrap_or_default());
    let parts = lines.flat_map(|line| line.split(['|', ';', '(', ')']).map(str::to_owned).collect::<Vec<_>>());
    let commands = parts.filter_map(|part| {
        // Settings in front of a command, and whose user it runs as.
        let words: Vec<String> =
            words(&part).into_iter().skip_while(|word| word.contains('=') && !word.starts_with('-')).collect();
        let (name, rest) = words.split_first()?;
        let is_ours = name == "latchkey" || name.ends_with("/latchkey");
        let arguments = rest.iter().take_while(|word| !word.starts_with(['>', '<', '&', '2']) || word.len() > 3);
        is_ours.then(|| std::iter::once("latchkey".to_owned()).chain(arguments.cloned()).collect())
    });
    commands.collect()
}

/// Words as a shell splits them.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in text.chars() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            (_, None) if letter.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(letter),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Every command that a page shows exists, with its options.
#[test]
fn every_command_shown_exists() {
    let mut count = 0;
    for (name, text) in pages() {
        let scripts = blocks(&text).into_iter().filter(|(kind, _)| kind == "sh").map(|(_, text)| text);
        for words in scripts.flat_map(|script| commands(&script)) {
            let words: Vec<String> = words.into_iter().map(placeholder).collect();
            count += 1;
            let Err(error) = Cli::command().try_get_matches_from(&words) else { continue };
            assert_eq!(error.kind(), ErrorKind::DisplayVersion, "{name}: {}: {error}", words.join(" "));
        }
        // In sentences, arguments may be left out.
        let lines = text.lines().scan(false, |is_code, line| {
            let is_fence = line.trim_start().starts_with("```");
            *is_code ^= is_fence;
            Some(if *is_code || is_fence { "" } else { line })
        });
        let prose = lines.collect::<Vec<_>>().join("\n");
        // A label of cryptography is not a command.
        let shown = prose.split('`').skip(1).step_by(2).filter(|code| code.starts_with("latchkey "));
        for code in shown.filter(|code| *code != "latchkey air gap 1") {
            let words: Vec<String> = words(code).into_iter().map(placeholder).collect();
            let Err(error) = Cli::command().try_get_matches_from(&words) else { continue };
            let is_short = matches!(
                error.kind(),
                ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            );
            assert!(is_short, "{name}: `{code}`: {error}");
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

/// What a page writes for a value of a kind that the program checks.
fn placeholder(word: String) -> String {
    match word.as_str() {
        "SHELL" => "bash".to_owned(),
        _ => word,
    }
}

/// Every setting that a page names exists, and the files that it shows are valid.
#[test]
fn every_setting_shown_exists() {
    let known: Vec<String> = settings::fields().map(|field| settings::environment_name(field.key)).collect();
    for (name, text) in pages() {
        let starts = text.match_indices("LATCHKEY__").map(|(at, _)| &text[at..]);
        for start in starts {
            let length =
                start.find(|letter: char| !(letter.is_ascii_uppercase() || letter == '_')).unwrap_or(start.len());
            let variable = &start[..length];
            let is_known = known.iter().any(|known| known == variable || format!("{known}_FILE") == variable);
            assert!(is_known || variable.starts_with("LATCHKEY__SECTION"), "{name}: {variable}");
        }
        let sections =
            ["server", "database", "api", "auth", "mail", "secrets", "brand", "content", "stripe", "log", "metrics"];
        let is_settings = |block: &str| {
            let heads = block.lines().filter_map(|line| line.strip_prefix('[')?.split(']').next());
            let mut heads = heads.peekable();
            heads.peek().is_some() && heads.all(|head| sections.contains(&head))
        };
        for (kind, block) in blocks(&text) {
            if kind == "toml" && is_settings(&block) {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("latchkey.toml");
                // Other files that it names are the reader's.
                let block = block.replace("logo = ", "# logo = ").replace("folder = ", "# folder = ");
                fs::write(&file, &block).expect("written");
                let read = Settings::read(Sources { file: Some(file), ..Sources::default() });
                assert!(
                    read.is_ok(),
                    "{name}: {block}: {}",
                    read.err().map(|error| error.to_string()).unwrap_or_default()
                );
            }
        }
    }
}

/// Whether everything shown is in what was received.
fn contains(received: &Value, shown: &Value) -> bool {
    match (received, shown) {
        (Value::Object(received), Value::Object(shown)) => {
            shown.iter().all(|(key, value)| received.get(key).is_some_and(|received| contains(received, value)))
        }
        _ => received == shown,
    }
}

#[test]
fn the_quick_start_works_as_it_stands() {
    let host = Host::new();
    let folder = host.folder.path();
    let server = host.serve(&["--demo"], &[]);
    fs::create_dir_all(folder.join("target/debug")).expect("a folder");
    symlink(env!("CARGO_BIN_EXE_latchkey"), folder.join("target/debug/latchkey")).expect("linked");
    let page = page("quick-start");
    let mut script = String::from("set -euo pipefail\n");
    let mut expected = Vec::new();
    for (kind, block) in blocks(&page) {
        match kind.as_str() {
            "sh" => {
                script.push_str(&block.replace("http://localhost:3000", &format!("http://{}", server.address)));
                // Each response is on a line of its own.
                script.push_str("echo\n");
            }
            "json" => expected.push(serde_json::from_str::<Value>(&block).expect("JSON")),
            other => panic!("a block of {other}"),
        }
    }
    let output = Command::new("bash").arg("-c").arg(&script).current_dir(folder).output().expect("bash runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let received: Vec<Value> = text(&output.stdout)
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("a response"))
        .collect();
    assert_eq!(received.len(), expected.len());
    for (received, shown) in received.iter().zip(&expected) {
        assert!(contains(received, shown), "{shown} is shown, but this was received: {received}");
    }
}

#[test]
fn every_code_of_a_validation_is_explained() {
    let page = page("troubleshooting");
    for code in ValidationCode::ALL {
        assert!(page.contains(&format!("`{}`", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn the_search_finds_pages_and_shows_what_was_asked() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let page = async |query: &str| {
            let answer = app.browser().get(&format!("/docs/search{query}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{query}");
            answer.text().await.expect("a page")
        };
        let found = page("?q=grace+period").await;
        assert!(found.contains("href=\"/docs/client#") && found.contains("value=\"grace period\""), "{found}");
        assert!(!found.contains("<script"), "{found}");
        let none = page("?q=%3Cb%3Exyzzy").await;
        assert!(none.contains("Nothing was found") && !none.contains("<b>xyzzy"), "{none}");
        assert!(page("").await.contains("Type a word"));
        let long = page(&format!("?q={}", "a".repeat(3_000))).await;
        assert!(!long.contains(&"a".repeat(101)), "the query is cut");
    });
}

/// The pages that are made from the program.
#[test]
fn settings_and_commands_have_pages() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (path, part) in [("/docs/settings", "server.trusted_proxies"), ("/docs/commands", "latchkey license issue")]
        {
            let page = app.browser().get(path).await.text().await.expect("a page");
            assert!(page.contains(part), "{path}");
            assert!(
                page.contains("<meta name=\"description\" content=\"") && page.contains("rel=\"canonical\""),
                "{path}"
            );
        }
    });
}

/// The programs on the page about plain HTTP activate, find out why they may not, and believe only signed answers.
#[test]
fn the_programs_for_plain_http_work() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let issued = app.issue("ada@example.com").await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/docs/http");
        let (origin, key, other) = (app.origin(), app.public_key.hex(), "0".repeat(62) + "01");
        let license = issued.key.expose();
        let script =
            "import { check } from './check.mjs'; console.log(JSON.stringify(await check(...process.argv.slice(1))));";
        let node = ["node", "--input-type=module", "-e", script];
        let python =
            ["python3", "-c", "import json, sys; from check import check; print(json.dumps(check(*sys.argv[1:])))"];
        let has = |program: &str, test: &[&str]| {
            Command::new(program).args(test).output().is_ok_and(|output| output.status.success())
        };
        let mut tested = 0;
        for (name, program, is_there) in [
            ("node", &node[..], has("node", &["--version"])),
            ("python", &python[..], has("python3", &["-c", "import cryptography"])),
        ] {
            if !is_there {
                continue;
            }
            tested += 1;
            let run = |key: &str, license: &str, fingerprint: &str| {
                let output = Command::new(program[0])
                    .args(&program[1..])
                    .args([&origin, key, license, fingerprint])
                    .env("PYTHONDONTWRITEBYTECODE", "1")
                    .current_dir(&folder)
                    .output()
                    .expect("it runs");
                let found: Option<Value> = serde_json::from_slice(&output.stdout).ok();
                (found.unwrap_or_default(), text(&output.stderr))
            };
            for fingerprint in ["one", "two"] {
                let (found, error) = run(&key, license, fingerprint);
                assert_eq!((&found["valid"], &found["code"]), (&true.into(), &"VALID".into()), "{name}: {error}");
            }
            let (found, error) = run(&key, license, "three");
            assert_eq!((&found["valid"], &found["code"]), (&false.into(), &"MACHINE_LIMIT_EXCEEDED".into()), "{error}");
            assert_eq!(found["machines"].as_array().map(Vec::len), Some(2), "{name}: {found}");
            assert!(found["page"].as_str().is_some_and(|page| page.contains("/portal/")), "{name}: {found}");
            let (found, _) = run(&key, "CGPT-0000-0000-0000-0000-0000-0000-0000", "one");
            assert_eq!((&found["valid"], &found["code"]), (&false.into(), &"LICENSE_INVALID".into()), "{name}");
            let (found, error) = run(&other, license, "one");
            assert_eq!(found, Value::Null, "{name}");
            assert!(
                error.contains("not signed by the vendor") || error.contains("InvalidSignature"),
                "{name}: {error}"
            );
        }
        assert!(tested > 0, "neither Node nor Python with `cryptography` is installed");
    });
}

/// The commands of the page about backups make a copy from which another server starts.
#[test]
fn the_documented_backup_restores() {
    let host = Host::with_products();
    let folder = host.folder.path();
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let server = host.serve(&[], &[]);
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("a folder");
    symlink(env!("CARGO_BIN_EXE_latchkey"), bin.join("latchkey")).expect("linked");
    let blocks = blocks(&page("backup"));
    let scripts = |word: &str| {
        let found = blocks.iter().find(|(kind, text)| kind == "sh" && text.contains(word));
        found.unwrap_or_else(|| panic!("no block with {word}")).1.clone()
    };
    let run_script = |script: &str| {
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let output = Command::new("bash")
            .args(["-euc", script])
            .env("PATH", path)
            .current_dir(folder)
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    for line in scripts("VACUUM INTO").lines() {
        // The program `sqlite3` may be missing where tests run. Its statements are the same for every client.
        match words(line).as_slice() {
            [program, file, sql] if program == "sqlite3" => {
                let url = format!("sqlite://{}", folder.join(file).display());
                let sql = sql.replace("'backup", &format!("'{}/backup", folder.display()));
                run(async {
                    let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("it opens");
                    connection
                        .execute(sqlx::AssertSqlSafe(sql.clone()))
                        .await
                        .unwrap_or_else(|error| panic!("{sql}: {error}"));
                });
            }
            _ => drop(run_script(line)),
        }
    }
    assert!(server.stop());
    fs::copy(folder.join("data/master.secret"), folder.join("master.secret")).expect("copied");
    let said = run_script(&scripts("mkdir -p restored"));
    assert!(said.contains("The audit log is intact"), "{said}");
    let restored: Value = serde_json::from_str(&run_script(&format!(
        "latchkey --data-dir restored license show {} --json",
        issued["id"].as_str().expect("an id")
    )))
    .expect("JSON");
    assert_eq!(restored["key"], issued["key"], "the key is decrypted");
    // Without its master secret, the copy cannot be opened.
    fs::remove_file(folder.join("restored/master.secret")).expect("removed");
    let refusal = host.refusal(&["--data-dir", "restored", "license", "list"], 78);
    let shown = blocks.iter().find(|(kind, text)| kind == "text" && text.starts_with("error:")).expect("the error");
    assert_eq!(refusal.trim(), shown.1.trim());
}
