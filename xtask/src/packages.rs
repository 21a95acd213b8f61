//! Programs that this machine lacks: from the system's packages where this user may install those, and
//! otherwise from the registries, into the target folder.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use anyhow::Result;

use crate::shell::{Shell, run, timed};

/// A program of this name that the shell would find.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| is_program(program))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

pub(crate) fn is_root(shell: &Shell) -> bool {
    shell.output(&["id", "-u"]).as_deref() == Some("0")
}

/// Installs packages of Debian and its relatives. `false` where this user may not, or the system has others.
pub(crate) fn install_from_system(shell: &Shell, names: &[&str]) -> Result<bool> {
    static LISTS: OnceLock<()> = OnceLock::new();
    if !is_root(shell) || find("apt-get").is_none() {
        return Ok(false);
    }
    timed(&format!("{} from the system's packages", names.join(", ")), || {
        if LISTS.get().is_none() {
            run(shell.command("apt-get").args(["update", "--quiet=2"]))?;
            let _ = LISTS.set(());
        }
        run(shell
            .command("apt-get")
            .args(["install", "--yes", "--quiet=2", "--no-install-recommends"])
            .args(names)
            // dpkg's account of its work, which nothing keeps quiet. Errors are on the other stream.
            .stdout(Stdio::null())
            .env("DEBIAN_FRONTEND", "noninteractive"))
    })?;
    Ok(true)
}

/// Whether there is Python with pip, which is installed where this user may do that.
pub(crate) fn ensure_pip(shell: &Shell) -> Result<bool> {
    let is_there = || shell.output(&["python3", "-m", "pip", "--version"]).is_some();
    Ok(is_there() || (install_from_system(shell, &["python3", "python3-pip"])? && is_there()))
}

/// Installs a package of PyPI with what it needs into a folder of its own.
pub(crate) fn install_from_pypi(shell: &Shell, package: &str, folder: &Path) -> Result<()> {
    let mut install = shell.command("python3");
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]);
    // As a setting and not as an argument, which older versions refuse. A folder of its own is no risk for root.
    install.env("PIP_ROOT_USER_ACTION", "ignore");
    run(install.arg("--target").arg(folder).arg(package))
}
