//! Installs missing programs: from the system's packages if this user may install those, otherwise from the
//! registries into the target folder.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use anyhow::Result;

use crate::shell::{Shell, run, timed};

/// Finds a program in PATH.
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

/// Installs packages of Debian and derived systems. `false` if this user may not, or the system is another
/// one.
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
            // Hides dpkg's progress, which no option turns off. Errors go to the other stream.
            .stdout(Stdio::null())
            .env("DEBIAN_FRONTEND", "noninteractive"))
    })?;
    Ok(true)
}

/// Whether there is a Python with pip. It is installed if this user may install it.
pub(crate) fn ensure_pip(shell: &Shell) -> Result<bool> {
    let is_there = || shell.output(&["python3", "-m", "pip", "--version"]).is_some();
    Ok(is_there() || (install_from_system(shell, &["python3", "python3-pip"])? && is_there()))
}

/// The folder of PyPI packages, which are installed if they are missing. The code of one is in the folder `module`. `None` if there
/// is no Python 3.11 with pip.
pub(crate) fn for_python(shell: &Shell, packages: &[&str], module: &str) -> Result<Option<PathBuf>> {
    let has_pip = ensure_pip(shell)?;
    let asks = "import sys; v = sys.version_info; sys.exit(1) if v < (3, 11) else print(f'{v[0]}.{v[1]}')";
    let Some(version) = shell.output(&["python3", "-c", asks]).filter(|_| has_pip) else {
        return Ok(None);
    };
    // Named after both versions: another version's installation does not work.
    let folder = shell.target().join(format!("python-packages-{version}-{}", packages.join("+")));
    if !folder.join(module).exists() {
        install_from_pypi(shell, packages, &folder)?;
    }
    Ok(Some(folder))
}

/// Installs PyPI packages with their dependencies into a separate folder.
pub(crate) fn install_from_pypi(shell: &Shell, packages: &[&str], folder: &Path) -> Result<()> {
    let mut install = shell.command("python3");
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]);
    // Set in the environment because older versions reject the argument. In a separate folder this is safe
    // for root.
    install.env("PIP_ROOT_USER_ACTION", "ignore");
    run(install.arg("--target").arg(folder).args(packages))
}
