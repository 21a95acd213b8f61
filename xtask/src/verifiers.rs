//! Runs the published verifiers in other languages on the published test vectors.

use std::path::Path;

use anyhow::Result;

use crate::shell::{Shell, run};

/// The package that the Python program needs, in the version that it was tested with.
const CRYPTOGRAPHY: &str = "cryptography==48.0.0";

/// The folder of the programs and the test vectors.
const FOLDER: &str = "content/docs/verify";

/// Runs the Python program on the test vectors. `false` if there is no suitable Python.
pub(crate) fn python(shell: &Shell, root: &Path, target: &Path) -> Result<bool> {
    let asks = "import sys; v = sys.version_info; sys.exit(1) if v < (3, 11) else print(f'{v[0]}.{v[1]}')";
    let version = shell.output(&["python3", "-c", asks]);
    let Some(version) = version.filter(|_| shell.output(&["python3", "-m", "pip", "--version"]).is_some()) else {
        println!("    not run: Python 3.11 with pip was not found");
        return Ok(false);
    };
    // The folder name contains both versions, so that packages for other versions are not used.
    let packages = target.join(format!("python-packages-{version}-{CRYPTOGRAPHY}"));
    if !packages.join("cryptography").exists() {
        let mut install = shell.command("python3");
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]);
        run(install.arg("--target").arg(&packages).arg(CRYPTOGRAPHY))?;
    }
    let mut cases = shell.command("python3");
    // Python must not write its cache next to the programs.
    cases.current_dir(root.join(FOLDER)).env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1");
    run(cases.args(["run_vectors.py", "vectors.json"]))?;
    Ok(true)
}
