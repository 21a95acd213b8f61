//! A Chromium for the browser tests.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{
    node::Node,
    packages,
    shell::{Shell, timed},
};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A Chromium for Linux on x64 with the libraries that it needs, as an npm package.
const PACKAGE: &str = "@sparticuz/chromium@147.0.0";

/// Unpacks that package into the folder for temporary files, including the libraries.
const UNPACK: &str = "import('@sparticuz/chromium').then((module) => module.default.executablePath())";

/// The browser for the tests.
#[derive(Debug)]
pub(crate) struct Chromium {
    pub(crate) program: PathBuf,
    /// The paths of its own libraries and fonts, if it is not the system's browser.
    pub(crate) environment: Vec<(&'static str, PathBuf)>,
}

impl Chromium {
    fn of_system(program: PathBuf) -> Self {
        Self { program, environment: Vec::new() }
    }

    /// `CHROMIUM`, a browser with one of the usual names, one newly installed from the system's packages if
    /// this user may install those, or one from npm.
    pub(crate) fn find_or_install(shell: &Shell, node: &Node) -> Result<Self> {
        if let Some(path) = std::env::var_os("CHROMIUM") {
            return Ok(Self::of_system(path.into()));
        }
        let find = || NAMES.iter().find_map(|name| packages::find(name)).map(Self::of_system);
        if let Some(found) = find() {
            return Ok(found);
        }
        if packages::install_from_system(shell, &["chromium", "fonts-liberation"])?
            && let Some(found) = find()
        {
            return Ok(found);
        }
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return of_registry(shell, node);
        }
        bail!(
            "the browser tests need Chromium, and none was found: install it or Chrome from your system's packages, or \
             set CHROMIUM to the program"
        )
    }
}

fn of_registry(shell: &Shell, node: &Node) -> Result<Chromium> {
    let folder = shell.target().join(PACKAGE.replace('/', "-"));
    let unpacked = folder.join("unpacked");
    let program = unpacked.join("chromium");
    let mark = folder.join(".unpacked");
    if !mark.exists() {
        timed("Chromium from npm", || {
            node.install(shell, &[PACKAGE], &folder)?;
            unpack(shell, node, &folder, &unpacked)
        })?;
        std::fs::write(mark, "")?;
    }
    let environment =
        vec![("LD_LIBRARY_PATH", unpacked.join("al2023/lib")), ("FONTCONFIG_PATH", unpacked.join("fonts"))];
    Ok(Chromium { program, environment })
}

fn unpack(shell: &Shell, node: &Node, folder: &Path, unpacked: &Path) -> Result<()> {
    if unpacked.exists() {
        std::fs::remove_dir_all(unpacked)?;
    }
    std::fs::create_dir_all(unpacked)?;
    let mut command = node.command(shell)?;
    command.args(["--eval", UNPACK]).current_dir(folder).env("TMPDIR", unpacked);
    // With this file name, the package unpacks the libraries as well.
    crate::shell::run(command.env("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x"))
}
