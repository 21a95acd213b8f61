//! What the browser tests need: Node packages, and a Chromium.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{Shell, run, timed};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The Chromium to test with: `CHROMIUM`, one of the usual names, or a fresh one from the system's
/// packages where this user may install those.
pub(crate) fn chromium(shell: &Shell) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    if let Some(found) = find(shell) {
        return Ok(found);
    }
    let can_install =
        shell.output(&["id", "-u"]).as_deref() == Some("0") && shell.output(&["apt-get", "--version"]).is_some();
    if can_install {
        timed("Chromium from the system's packages", || {
            run(shell.command("apt-get").args(["update", "--quiet=2"]))?;
            run(shell
                .command("apt-get")
                .args(["install", "--yes", "--quiet=2", "--no-install-recommends", "chromium"])
                .env("DEBIAN_FRONTEND", "noninteractive"))
        })?;
    }
    find(shell).context(
        "the browser tests need Chromium, and none was found: `apt-get install chromium`, or install Chrome, or set \
         CHROMIUM to the program",
    )
}

fn find(shell: &Shell) -> Option<PathBuf> {
    NAMES.iter().find_map(|name| shell.output(&["which", name])).map(PathBuf::from)
}

/// Installs the Node packages of the browser tests, exactly as locked.
pub(crate) fn packages(shell: &Shell, folder: &Path) -> Result<()> {
    let Some(version) = shell.output(&["node", "--version"]) else {
        bail!("the browser tests need Node 20 or newer, and none was found: install it from your system's packages");
    };
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < 20) {
        bail!("the browser tests need Node 20 or newer, and this is {version}: install a newer one");
    }
    let lock = folder.join("package-lock.json");
    let mark = folder.join("node_modules/.installed-from");
    let wanted = std::fs::read(&lock).with_context(|| format!("{} is there", lock.display()))?;
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(shell
        .command("npm")
        .args(["ci", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder)
        // The system's Chromium is used; no browser is downloaded.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    Ok(std::fs::write(mark, wanted)?)
}
