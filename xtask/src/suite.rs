//! `cargo xtask test`: the parts of the test suite, their order, and their results.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    api_description, api_server,
    browser::Chromium,
    csharp,
    front_end::{self, Profile},
    generated_clients,
    node::Node,
    postgres,
    shell::{Shell, timed},
    stripe, verifiers,
};

/// The number of passed, failed and skipped tests.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

struct Part {
    name: &'static str,
    took: Duration,
    counts: Counts,
    has_passed: bool,
}

/// Runs all parts, or only those in `only`.
pub(crate) fn run(shell: &Shell, root: &Path, only: &[String]) -> Result<()> {
    let known = ["setup", "lints", "rust", "python", "csharp", "stripe", "api", "browser"];
    if let Some(unknown) = only.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("unknown part {unknown}: use {}", known.join(", "));
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|part| part == name);
    // First, so that a missing prerequisite is reported before the long build.
    timed("prerequisites of the tests", || set_up(shell, root, &wanted))?;
    if only.iter().any(|part| part == "setup") {
        return Ok(());
    }
    let mut parts = Vec::new();
    // The server embeds the front end, so it is built first.
    parts.push(part("front end", || front_end::build(shell, root, Profile::Dev).map(|()| Counts::default())));
    if wanted("lints") {
        parts.push(part("lints", || lints(shell).map(|()| Counts::default())));
    }
    if wanted("rust") {
        parts.push(part("Rust tests", || rust_tests(shell)));
    }
    if wanted("python") {
        parts.push(part("Python", || {
            let ran = verifiers::python(shell, root)?;
            Ok(Counts { passed: u64::from(ran), failed: 0, skipped: u64::from(!ran) })
        }));
    }
    if wanted("csharp") {
        parts.push(part("C#", || csharp_tests(shell, root)));
    }
    if wanted("stripe") {
        parts.push(part("Stripe packages", || {
            let (passed, skipped) = stripe::judge_double(shell, root)?;
            Ok(Counts { passed, failed: 0, skipped })
        }));
    }
    if wanted("api") {
        parts.push(part("API description", || {
            // The same cases each time, so that a change is at fault if they fail.
            let ran = api_description::test(shell, root, api_description::CASES, Some(1))?;
            Ok(Counts { passed: u64::from(ran), failed: 0, skipped: u64::from(!ran) })
        }));
        parts.push(part("API clients", || {
            api_server::build(shell)?;
            let (passed, skipped) = generated_clients::test(shell, root)?;
            Ok(Counts { passed, failed: 0, skipped })
        }));
    }
    if wanted("browser") {
        parts.push(part("browser tests", || browser_tests(shell, root)));
    }
    report(&parts)
}

fn part(name: &'static str, work: impl FnOnce() -> Result<Counts>) -> Part {
    let started = Instant::now();
    let result = timed(name, work);
    if let Err(error) = &result {
        println!("    {error:#}");
    }
    let counts = result.as_ref().copied().unwrap_or_default();
    Part { name, took: started.elapsed(), counts, has_passed: result.is_ok() && counts.failed == 0 }
}

fn report(parts: &[Part]) -> Result<()> {
    println!("\nResults and durations:");
    let mut total = Counts::default();
    for part in parts {
        let word = if part.has_passed { "passed" } else { "FAILED" };
        println!(
            "  {:<15} {word:<7} {:>7.1} s  {} passed, {} failed, {} skipped",
            part.name,
            part.took.as_secs_f64(),
            part.counts.passed,
            part.counts.failed,
            part.counts.skipped,
        );
        total.passed += part.counts.passed;
        total.failed += part.counts.failed;
        total.skipped += part.counts.skipped;
    }
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    if parts.iter().any(|part| !part.has_passed) {
        bail!("some parts failed");
    }
    Ok(())
}

/// Installs what the parts need and this machine lacks.
fn set_up(shell: &Shell, root: &Path, wanted: &impl Fn(&str) -> bool) -> Result<()> {
    if wanted("setup") || wanted("rust") {
        // Started once: a browser that does not run is reported early.
        drop(postgres::start(shell)?);
        verifiers::keygen_sdk(shell)?;
    }
    if wanted("setup") || wanted("python") {
        verifiers::python_packages(shell)?;
    }
    if wanted("setup") || wanted("csharp") {
        csharp::ensure_mono(shell)?;
    }
    if wanted("setup") || wanted("stripe") {
        stripe::official_packages(shell)?;
    }
    if wanted("setup") || wanted("api") {
        api_description::package(shell)?;
        generated_clients::generators(shell)?;
    }
    if wanted("setup") || wanted("browser") {
        browser(shell, root)?;
    }
    Ok(())
}

/// Node with the packages of the browser tests, and the browser.
fn browser(shell: &Shell, root: &Path) -> Result<(Node, Chromium)> {
    let node = Node::find_or_install(shell)?;
    node.install_locked(shell, &root.join("end2end"))?;
    let chromium = Chromium::find_or_install(shell, &node)?;
    Ok((node, chromium))
}

fn lints(shell: &Shell) -> Result<()> {
    shell.step("format", &["cargo", "fmt", "--all", "--check"])?;
    let strict = ["--", "--deny", "warnings"];
    let native = ["cargo", "clippy", "--workspace", "--exclude", "latchkey-frontend", "--all-targets"];
    shell.step("clippy, server side", &[&native[..], &strict].concat())?;
    let browser = ["cargo", "clippy", "--package", "latchkey-frontend", "--target", "wasm32-unknown-unknown"];
    shell.step("clippy, browser side", &[&browser[..], &strict].concat())?;
    for part in ["account", "admin"] {
        shell
            .step(&format!("clippy, browser side, {part}"), &[&browser[..], &["--features", part], &strict].concat())?;
    }
    // Offline verification needs neither network nor threads.
    let client = ["cargo", "clippy", "--package", "latchkey-client", "--no-default-features"];
    shell.step("clippy, client without features", &[&client[..], &strict].concat())?;
    let wasm = ["--target", "wasm32-unknown-unknown"];
    shell.step("clippy, client for wasm32", &[&client[..], &wasm, &strict].concat())
}

fn rust_tests(shell: &Shell) -> Result<Counts> {
    let server = timed("PostgreSQL for this run", || postgres::start(shell))?;
    let mut command = shell.command("cargo");
    command
        .args(["test", "--workspace", "--exclude", "latchkey-frontend", "--no-fail-fast"])
        .env("LATCHKEY_TEST_POSTGRES", &server.url);
    if let Some(packages) = verifiers::keygen_sdk(shell)? {
        command.env("LATCHKEY_TEST_KEYGEN_SDK", packages);
    }
    let mut counts = Counts::default();
    let has_succeeded = follow(&mut command, |line| {
        // `test result: ok. 30 passed; 0 failed; 0 ignored; …`
        if let Some(rest) = line.strip_prefix("test result: ") {
            counts.passed += number_before(rest, " passed");
            counts.failed += number_before(rest, " failed");
            counts.skipped += number_before(rest, " ignored");
        }
    })?;
    if !has_succeeded && counts.failed == 0 {
        bail!("the Rust tests did not build or ended early");
    }
    Ok(counts)
}

/// The published C# files on the test vectors and against the server.
fn csharp_tests(shell: &Shell, root: &Path) -> Result<Counts> {
    if !csharp::ensure_mono(shell)? {
        csharp::say_skipped();
        return Ok(Counts { skipped: 1, ..Counts::default() });
    }
    csharp::run_vectors(shell, root)?;
    api_server::build(shell)?;
    let alone = alone(&shell.target().join("debug").join("latchkey"))?;
    let mut command = shell.command("mono");
    command.arg(csharp::tests(shell, root)?).arg(alone.path().join("latchkey"));
    // The vectors are one test.
    let mut counts = Counts { passed: 1, ..Counts::default() };
    let has_succeeded = follow(&mut command, |line| {
        // `34 passed, 0 failed`
        counts.passed += number_before(line, " passed, ");
        counts.failed += if line.ends_with(" failed") { number_before(line, " failed") } else { 0 };
    })?;
    if !has_succeeded && counts.failed == 0 {
        bail!("the C# tests did not start or ended early");
    }
    Ok(counts)
}

fn browser_tests(shell: &Shell, root: &Path) -> Result<Counts> {
    let (node, chromium) = browser(shell, root)?;
    api_server::build(shell)?;
    let alone = alone(&shell.target().join("debug").join("latchkey"))?;
    let mut command = node.command(shell)?;
    command
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .current_dir(root.join("end2end"))
        .env("CHROMIUM", chromium.program)
        .envs(chromium.environment)
        .env("LATCHKEY_BINARY", alone.path().join("latchkey"))
        .env("STRIPE_DOUBLE", shell.target().join("debug").join("stripe-double"));
    let mut counts = Counts::default();
    let has_succeeded = follow(&mut command, |line| {
        // `  12 passed (8.0s)`
        let line = line.trim();
        counts.passed += number_before(line, " passed (");
        counts.failed += if line.ends_with(" failed") { number_before(line, " failed") } else { 0 };
        counts.skipped += if line.ends_with(" skipped") { number_before(line, " skipped") } else { 0 };
    })?;
    if !has_succeeded && counts.failed == 0 {
        bail!("the browser tests did not start or ended early");
    }
    Ok(counts)
}

/// Copies the binary to an empty folder, so that it can only serve what is embedded.
fn alone(binary: &Path) -> Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("latchkey-alone-").tempdir()?;
    std::fs::copy(binary, folder.path().join("latchkey"))
        .with_context(|| format!("cannot copy {}", binary.display()))?;
    Ok(folder)
}

/// Runs a program, shows its output, and passes each line to `look`.
fn follow(command: &mut Command, mut look: impl FnMut(&str)) -> Result<bool> {
    let shown = format!("{command:?}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("{shown} could not be started"))?;
    let output = child.stdout.take().context("the output is not a pipe")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        look(&line);
    }
    Ok(child.wait()?.success())
}

/// The number directly before `mark`. 0 if there is none.
fn number_before(text: &str, mark: &str) -> u64 {
    let Some((before, _)) = text.split_once(mark) else {
        return 0;
    };
    let digits = before.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn numbers_are_read_from_runner_lines() {
        let line = "ok. 30 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.16s";
        assert_eq!(number_before(line, " passed"), 30);
        assert_eq!(number_before(line, " failed"), 2);
        assert_eq!(number_before("12 passed (8.0s)", " passed ("), 12);
        assert_eq!(number_before("nothing", " passed"), 0);
    }
}
