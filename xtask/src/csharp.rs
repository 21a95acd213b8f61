//! Compiles and runs the published C# files with Mono, whose compiler and libraries are close to those of .NET
//! Framework.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    packages,
    shell::{Shell, run},
};

/// Debian's packages of the compiler, the runtime and the one library that the files need.
const PACKAGES: [&str; 3] = ["mono-mcs", "mono-runtime", "libmono-system-numerics4.0-cil"];

/// The client that vendors copy.
const CLIENT: &str = "content/docs/ninjatrader/Latchkey.cs";

/// Whether Mono is there. It is installed if this user may install it.
pub(crate) fn ensure_mono(shell: &Shell) -> Result<bool> {
    let is_there = || packages::find("mcs").is_some() && packages::find("mono").is_some() && has_numerics(shell);
    Ok(is_there() || (packages::install_from_system(shell, &PACKAGES)? && is_there()))
}

/// Explains a missing Mono.
pub(crate) fn say_skipped() {
    println!("    skipped: there is no Mono. On Debian: apt-get install {}", PACKAGES.join(" "));
}

/// Whether the compiler finds the library.
fn has_numerics(shell: &Shell) -> bool {
    let probe = shell.target().join("csharp-probe");
    let source = probe.with_extension("cs");
    std::fs::write(&source, "class Probe { System.Numerics.BigInteger number; }").is_ok()
        && shell
            .command("mcs")
            .args(["-target:library", "-r:System.Numerics.dll"])
            .arg(format!("-out:{}", probe.with_extension("dll").display()))
            .arg(&source)
            .output()
            .is_ok_and(|output| output.status.success())
}

/// Compiles files of the workspace into a program, with no other references than the documentation says.
fn compile(shell: &Shell, name: &str, files: &[PathBuf]) -> Result<PathBuf> {
    let folder = shell.target().join("csharp");
    std::fs::create_dir_all(&folder)?;
    let program = folder.join(name);
    let mut compiler = shell.command("mcs");
    // The latest version before 7.3 that this compiler knows.
    compiler.args(["-noconfig", "-langversion:7.2", "-warn:4", "-warnaserror"]);
    compiler.args(["-r:System.dll", "-r:System.Core.dll", "-r:System.Numerics.dll"]);
    compiler.arg(format!("-out:{}", program.display())).args(files);
    run(&mut compiler)?;
    Ok(program)
}

/// Runs the verifier on the published test vectors.
pub(crate) fn run_vectors(shell: &Shell, root: &Path) -> Result<()> {
    let folder = root.join("content/docs/verify");
    let program = compile(shell, "vectors.exe", &[root.join(CLIENT), folder.join("RunVectors.cs")])?;
    run(shell.command("mono").arg(program).arg(folder.join("vectors.json")))
}

/// Compiles the tests of the client and of the examples.
pub(crate) fn tests(shell: &Shell, root: &Path) -> Result<PathBuf> {
    let mut files = Vec::new();
    for folder in ["content/docs/ninjatrader", "server/tests/csharp"] {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "cs") {
                files.push(path);
            }
        }
    }
    files.sort();
    compile(shell, "tests.exe", &files)
}
