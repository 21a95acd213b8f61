//! Runs the published verifiers in other languages on the published test vectors.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    packages,
    shell::{Shell, run},
};

/// The package that the Python program needs, in the version that it was tested with.
const CRYPTOGRAPHY: &str = "cryptography==48.0.0";

/// A client library that works with the server, in the version that it was tested with.
const KEYGEN_SDK: &str = "keygen-sdk==1.0.0";

/// The folder of the programs and the test vectors.
const FOLDER: &str = "content/docs/verify";

/// The folder of the package for this Python. `None` if there is no suitable Python.
pub(crate) fn python_packages(shell: &Shell) -> Result<Option<PathBuf>> {
    packages::for_python(shell, &[CRYPTOGRAPHY], "cryptography")
}

/// The folder of the client library for Python, with which the server is tested. `None` if there is no suitable Python.
pub(crate) fn keygen_sdk(shell: &Shell) -> Result<Option<PathBuf>> {
    packages::for_python(shell, &[KEYGEN_SDK], "keygen")
}

/// Runs the Python program on the cases. `false` if there is no suitable Python.
pub(crate) fn python(shell: &Shell, root: &Path) -> Result<bool> {
    let Some(packages) = python_packages(shell)? else {
        println!("    skipped: there is no Python 3.11 with pip");
        return Ok(false);
    };
    let mut cases = shell.command("python3");
    // Python must not write its cache next to the programs.
    cases.current_dir(root.join(FOLDER)).env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1");
    run(cases.args(["run_vectors.py", "vectors.json"]))?;
    Ok(true)
}
