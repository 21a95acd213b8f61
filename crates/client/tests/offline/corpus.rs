//! LC-16: runs the fuzz corpus through the fuzz targets, with any compiler.

use std::{fs, path::PathBuf};

#[path = "../../../../fuzz/src/targets.rs"]
#[expect(unreachable_pub, reason = "public in the fuzz crate")]
mod targets;

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let inputs: Vec<Vec<u8>> = fs::read_dir(folder)
        .expect("the corpus exists")
        .map(|entry| fs::read(entry.expect("an entry").path()).expect("an input"))
        .collect();
    assert!(inputs.len() >= 5, "{target}");
    inputs
}

#[test]
fn lc_16_files() {
    for input in inputs("file") {
        targets::file(&input);
    }
}

#[test]
fn lc_16_signed_input() {
    for input in inputs("signed") {
        targets::signed(&input);
    }
}

#[test]
fn lc_16_keys() {
    let inputs = inputs("key");
    inputs.iter().filter_map(|input| std::str::from_utf8(input).ok()).for_each(targets::key);
}

#[test]
fn lc_16_bodies() {
    for input in inputs("body") {
        targets::body(&input);
    }
}
