//! `release add` and `release key`, as people and build servers run them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_licensing::public_key::PublicKey;
use serde_json::{Value, json};

use crate::support::host::{Host, text};

/// A host with a content folder and a file to publish.
fn host() -> Host {
    let host = Host::new();
    fs::create_dir(host.folder.path().join("content")).expect("a folder");
    fs::write(host.folder.path().join("Acme-Draw_1.4.0_x64-setup.exe"), "the installer").expect("written");
    host
}

const FILE: &str = "Acme-Draw_1.4.0_x64-setup.exe";

fn list(host: &Host) -> String {
    fs::read_to_string(host.folder.path().join("content/releases.toml")).unwrap_or_default()
}

fn add(host: &Host, more: &[&str]) -> Value {
    host.json(&[&["release", "add", FILE, "--content", "content"], more].concat())
}

fn refusal(host: &Host, more: &[&str], code: i32) -> String {
    host.refusal(&[&["release", "add", "--content", "content"], more].concat(), code)
}

#[test]
fn a_file_is_added_with_what_its_name_says() {
    let host = host();
    let folder = host.folder.path();
    let planned = add(&host, &["--dry-run"]);
    assert_eq!((&planned["added"], list(&host).as_str()), (&json!(false), ""));
    assert!(!folder.join("content/builds").exists(), "nothing was written");
    let added = add(&host, &["--date", "2026-11-12"]);
    for (field, value) in [
        ("version", "1.4.0"),
        ("channel", "stable"),
        ("platform", "windows"),
        ("arch", "x64"),
        ("name", FILE),
        ("file", "builds/Acme-Draw_1.4.0_x64-setup.exe"),
    ] {
        assert_eq!(added[field], value, "{field}: {added}");
    }
    assert_eq!((&added["size"], &added["added"], &added["signature"]), (&json!(13), &json!(true), &Value::Null));
    assert_eq!(added["sha256"].as_str(), planned["sha256"].as_str());
    assert_eq!(fs::read_to_string(folder.join("content/builds").join(FILE)).expect("copied"), "the installer");
    let mode = |path: &str| fs::metadata(folder.join(path)).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode("content/releases.toml") & 0o444, 0o444, "the server can read it");
    assert!(list(&host).starts_with("[[releases]]\nversion = \"1.4.0\"\ndate = \"2026-11-12\"\n"), "{}", list(&host));
    // The server reads what the command wrote.
    let checked = host.run_with(&["config", "check"], &[("LATCHKEY__CONTENT__FOLDER", "content")]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    // As text, it says what is left to do.
    fs::write(folder.join("acme-draw_1.5.0-beta.2_amd64.deb"), "for Debian").expect("written");
    let words = ["release", "add", "acme-draw_1.5.0-beta.2_amd64.deb", "--content", "content"];
    let said = text(&host.run(&words).stdout);
    for part in
        ["channel = \"beta\"", "platform = \"linux\"", "It is not signed", "notes are empty", "Restart the server"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn comments_and_order_of_the_list_are_kept() {
    let host = host();
    let before = "# The versions of Acme Draw.\n\n# The best one.\n[[releases]]\nversion = \"1.3.0\" # yes\ndate = \"2026-09-30\"\nnotes = \"Old.\"\n";
    fs::write(host.folder.path().join("content/releases.toml"), before).expect("written");
    fs::write(host.folder.path().join("notes.md"), "- **New**\n- C:\\new \"\"\"\n").expect("written");
    add(&host, &["--notes", "notes.md", "--channel", "rc", "--public"]);
    let after = list(&host);
    let (head, rest) = before.split_once("\n\n").expect("two parts");
    assert!(
        after.starts_with(&format!("{head}\n\n[[releases]]\nversion = \"1.4.0\"\n")) && after.ends_with(rest),
        "{after}"
    );
    assert!(after.contains("channel = \"rc\"\n") && after.contains("public = true\n"), "{after}");
    // A second file joins its release.
    fs::write(host.folder.path().join("other.dmg"), "for Macs").expect("written");
    let words = ["release", "add", "other.dmg", "--content", "content", "--version", "1.4.0", "--arch", "universal"];
    assert_eq!(host.json(&words)["platform"], "macos");
    let (old, new) = (after.split("# The best one.").next().expect("a part"), list(&host));
    let (first, second) = new.split_once("[[releases.files]]\nplatform = \"macos\"").expect("it is there");
    assert_eq!((first, new.matches("[[releases]]").count()), (old, 2), "{new}");
    assert!(second.ends_with(rest), "{new}");
}

/// The signatures are verified by others: minisign's own verifier, which Tauri uses, and ours, as Sparkle does.
#[test]
fn signatures_are_those_that_updaters_verify() {
    let host = host();
    let folder = host.folder.path();
    let key = host.json(&["release", "key", "release.key"]);
    assert_eq!(key["created"], true);
    assert_eq!(fs::metadata(folder.join("release.key")).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(host.json(&["release", "key", "release.key"])["hex"], key["hex"], "the same key");
    let added = add(&host, &["--key", "release.key"]);
    let content = b"the installer";
    let public = PublicKey::from_hex(key["hex"].as_str().expect("text")).expect("a key");
    assert_eq!(STANDARD.decode(key["sparkle"].as_str().expect("text")).expect("base64"), public.as_bytes());
    let signature = STANDARD.decode(added["signature"].as_str().expect("signed")).expect("base64");
    assert!(public.verifies(content, &signature) && !public.verifies(b"another file", &signature));

    // As Tauri's updater does: both are base64 of the texts of minisign.
    let decode = |value: &Value| text(&STANDARD.decode(value.as_str().expect("text")).expect("base64"));
    let verifier = minisign_verify::PublicKey::decode(&decode(&key["tauri"])).expect("a public key");
    let signature = minisign_verify::Signature::decode(&decode(&added["minisign"])).expect("a signature");
    verifier.verify(content, &signature, false).expect("verified");
    assert!(verifier.verify(b"another file", &signature, false).is_err());
    assert!(signature.trusted_comment().contains(&format!("file:{FILE}")), "{}", signature.trusted_comment());
    let moved = decode(&added["minisign"]).replace("file:Acme", "file:Evil");
    let moved = minisign_verify::Signature::decode(&moved).expect("a signature");
    assert!(verifier.verify(content, &moved, false).is_err(), "the name is signed, too");
    for form in ["sparkle", "tauri", "hex", "minisign"] {
        let shown = text(&host.run(&["release", "key", "release.key"]).stdout);
        assert!(shown.contains(key[form].as_str().expect("text").trim_end()), "{form}: {shown}");
    }
}

#[test]
fn signatures_of_other_programs_are_taken_over() {
    let host = host();
    let signature = STANDARD.encode([9; 64]);
    let minisign = STANDARD.encode("untrusted comment: signature from tauri secret key\n");
    fs::write(host.folder.path().join("setup.sig"), &minisign).expect("written");
    let added = add(&host, &["--signature", &signature, "--minisign", "setup.sig"]);
    assert_eq!((&added["signature"], &added["minisign"]), (&json!(signature), &json!(minisign)));
    fs::write(host.folder.path().join("plain.minisig"), "untrusted comment: signature from tauri secret key\n")
        .expect("written");
    let more = ["--version", "1.5.0", "--minisign", "plain.minisig", "--name", "again.exe"];
    assert_eq!(add(&host, &more)["minisign"], json!(minisign));
}

#[test]
fn refusals_say_what_to_do_and_write_nothing() {
    let host = host();
    let folder = host.folder.path();
    let write = |name: &str, content: &str| fs::write(folder.join(name), content).expect("written");
    write("setup.zip", "x");
    write("acme-1.0.0.zip", "x");
    write("acme 1.0.0.exe", "x");
    write("empty-1.0.0.exe", "");
    write("secret.key", "x");
    let nowhere = host.refusal(&["release", "add", FILE], 2);
    assert!(nowhere.contains("--content") && nowhere.contains("content export"), "{nowhere}");
    for (words, code, parts) in [
        (&["nothing.exe"][..], 2, &["nothing.exe cannot be read"][..]),
        (&["."], 2, &[". is not a file"]),
        (&["setup.zip"], 2, &["contains no version", "--version"]),
        (&["setup.zip", "--version", "1.0"], 2, &["`1.0` is not a version"]),
        (&["acme-1.0.0.zip"], 2, &["for which system", "--platform"]),
        (&["acme-1.0.0.zip", "--platform", "beos"], 2, &["`beos` is not a platform"]),
        (&["acme-1.0.0.zip", "--platform", "any", "--arch", "sparc"], 2, &["`sparc` is not a processor"]),
        (&["acme 1.0.0.exe"], 2, &["`acme 1.0.0.exe` is not a file name", "--name"]),
        (&[FILE, "--name", "../a.exe"], 2, &["not a file name"]),
        (&["empty-1.0.0.exe"], 2, &["is empty"]),
        (&[FILE, "--channel", "nightly"], 2, &["`nightly` is not a channel"]),
        (&[FILE, "--date", "12.11.2026"], 2, &["such as 2026-11-30"]),
        (&[FILE, "--url", "http://example.com/a.exe"], 2, &["--url", "not a link"]),
        (&[FILE, "--notes", "nothing.md"], 2, &["nothing.md cannot be read"]),
        (&[FILE, "--key", "nothing.key"], 2, &["nothing.key cannot be read"]),
        (&[FILE, "--key", "secret.key"], 1, &["other users can read secret.key", "chmod 600"]),
        (&[FILE, "--signature", "abc"], 2, &["--signature", "88 letters"]),
        (&[FILE, "--minisign", "acme-1.0.0.zip"], 2, &["not a signature of minisign"]),
        (&[FILE, "--content", "nowhere"], 2, &["cannot be used multiple times"]),
    ] {
        let said = refusal(&host, words, code);
        for part in parts {
            assert!(said.contains(part), "{words:?}: {part}: {said}");
        }
    }
    fs::set_permissions(folder.join("secret.key"), fs::Permissions::from_mode(0o600)).expect("changed");
    assert!(refusal(&host, &[FILE, "--key", "secret.key"], 2).contains("is not an Ed25519 key in PEM"));
    let said = host.refusal(&["release", "add", FILE, "--content", "nowhere"], 2);
    assert!(said.contains("there is no folder nowhere"), "{said}");
    assert_eq!(list(&host), "");
    assert!(!folder.join("content/builds").exists());
}

#[test]
fn what_is_there_is_not_overwritten() {
    let host = host();
    let folder = host.folder.path();
    add(&host, &[]);
    let before = list(&host);
    assert!(refusal(&host, &[FILE], 1).contains("version 1.4.0 lists Acme-Draw_1.4.0_x64-setup.exe already"));
    for more in [&["--date", "2026-01-01"], &["--channel", "beta"]] {
        let said = refusal(&host, &[&[FILE, "--name", "other.exe", "--version", "1.4.0"], &more[..]].concat(), 1);
        assert!(said.contains("is listed with its date, channel and notes"), "{said}");
    }
    let said = refusal(&host, &[FILE, "--name", "other.exe", "--version", "1.4.0", "--product", "paint"], 1);
    assert!(said.contains("listed for other products"), "{said}");
    // Another file with the name of one that is published.
    fs::write(folder.join("content/builds/taken.exe"), "something else").expect("written");
    let said = refusal(&host, &[FILE, "--name", "taken.exe", "--version", "1.4.0"], 1);
    assert!(said.contains("another file is at content/builds/taken.exe"), "{said}");
    // The same file may be there already.
    fs::write(folder.join("content/builds/same.exe"), "the installer").expect("written");
    assert_eq!(add(&host, &["--name", "same.exe", "--version", "1.4.0"])["added"], true);
    assert!(list(&host).starts_with(&before[..before.find("[[releases.files]]").expect("a file")]));
    // A list that is not valid is left alone.
    fs::write(folder.join("content/releases.toml"), "[[releases]]\nversion = \"x\"\n").expect("written");
    let said = refusal(&host, &[FILE], 1);
    assert!(said.contains("releases.toml") && said.contains("line 2"), "{said}");
    fs::write(folder.join("content/releases.toml"), "releases = []\n").expect("written");
    assert!(refusal(&host, &[FILE], 1).contains("[[releases.files]]"));
    assert_eq!(list(&host), "releases = []\n");
    let key = folder.join("content/site.toml");
    fs::write(&key, "x").expect("written");
    assert!(host.refusal(&["release", "key", "content/site.toml"], 1).contains("other users can read"));
    assert_eq!(fs::read_to_string(&key).expect("there"), "x");
    symlink("nothing", folder.join("dangling.key")).expect("linked");
    host.refusal(&["release", "key", "dangling.key"], 2);
    assert!(!Path::new(&folder.join("nothing")).exists());
}

/// A file elsewhere is listed with its link, and not copied.
#[test]
fn a_link_is_listed_instead_of_a_copy() {
    let host = host();
    let url = "https://downloads.example.com/acme/setup.exe";
    let added = add(&host, &["--url", url]);
    assert_eq!((&added["url"], &added["file"]), (&json!(url), &Value::Null));
    assert!(list(&host).contains(&format!("name = \"{FILE}\"\nurl = \"{url}\"\n")), "{}", list(&host));
    assert!(!host.folder.path().join("content/builds").exists());
    let url = format!("https://downloads.example.com/{FILE}");
    add(&host, &["--url", &url, "--version", "1.5.0"]);
    assert!(!list(&host).contains(&format!("name = \"{FILE}\"\nurl = \"{url}\"\n")), "the link says the name");
}

/// A file that is larger than what is read at once, and a package of Velopack, which has one checksum more.
#[test]
fn large_files_and_packages_are_added() {
    let host = host();
    let content: Vec<u8> = (0..5_000_011_u32).map(|number| number.to_le_bytes()[0]).collect();
    fs::write(host.folder.path().join("Acme.Draw-1.4.0-full.nupkg"), &content).expect("written");
    host.json(&["release", "key", "release.key"]);
    let words = [
        "release",
        "add",
        "Acme.Draw-1.4.0-full.nupkg",
        "--content",
        "content",
        "--platform",
        "win",
        "--key",
        "release.key",
    ];
    let added = host.json(&words);
    assert_eq!(added["size"], 5_000_011);
    assert!(list(&host).contains("\nsha1 = \""), "{}", list(&host));
    let public = PublicKey::from_hex(host.json(&["release", "key", "release.key"])["hex"].as_str().expect("text"))
        .expect("a key");
    let signature = STANDARD.decode(added["signature"].as_str().expect("signed")).expect("base64");
    assert!(public.verifies(&content, &signature));
}
