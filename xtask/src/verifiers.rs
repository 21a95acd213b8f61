//! The published verifiers in languages that this workspace does not build: each on every published case.

use std::path::Path;

use anyhow::Result;

use crate::shell::{Shell, run};

/// The package that the Python program needs, as it was tried.
const CRYPTOGRAPHY: &str = "cryptography==48.0.0";

/// Where the programs and their cases are.
const FOLDER: &str = "content/docs/verify";

/// Runs the Python program on the cases. `false` where there is no Python to run it with.
pub(crate) fn python(shell: &Shell, root: &Path, target: &Path) -> Result<bool> {
    let asks = "import sys; v = sys.version_info; sys.exit(1) if v < (3, 11) else print(f'{v[0]}.{v[1]}')";
    let version = shell.output(&["python3", "-c", asks]);
    let Some(version) = version.filter(|_| shell.output(&["python3", "-m", "pip", "--version"]).is_some()) else {
        println!("    not run: there is no Python 3.11 with pip");
        return Ok(false);
    };
    // By the versions of both: what was put there for others does not do.
    let packages = target.join(format!("python-packages-{version}-{CRYPTOGRAPHY}"));
    if !packages.join("cryptography").exists() {
        let mut install = shell.command("python3");
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]);
        run(install.arg("--target").arg(&packages).arg(CRYPTOGRAPHY))?;
    }
    let mut cases = shell.command("python3");
    // Nothing is written beside the programs.
    cases.current_dir(root.join(FOLDER)).env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1");
    run(cases.args(["run_vectors.py", "vectors.json"]))?;
    Ok(true)
}
