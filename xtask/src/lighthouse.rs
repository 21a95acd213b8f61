//! `cargo xtask lighthouse`: Lighthouse's scores of the main pages of a release build.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::{
    browser::Chromium,
    dist,
    node::Node,
    shell::{Shell, run, timed},
};

const PACKAGE: &str = "lighthouse@13.5.0";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Measure the release binary that is there, without building it
    #[arg(long)]
    no_build: bool,
}

/// Builds the release, and fails if a score is below its aim.
pub(crate) fn measure(shell: &Shell, root: &Path, options: &Options) -> Result<()> {
    if !options.no_build {
        dist(shell, root)?;
    }
    let node = Node::find_or_install(shell)?;
    let browser = Chromium::find_or_install(shell, &node)?;
    let tests = root.join("end2end");
    node.install_locked(shell, &tests)?;
    let folder = shell.target().join(PACKAGE);
    if !folder.join("node_modules/lighthouse/package.json").exists() {
        timed("Lighthouse from npm", || node.install(shell, &[PACKAGE], &folder))?;
    }
    let mut command = node.command(shell)?;
    command
        .arg("lighthouse.js")
        .current_dir(tests)
        .env("LATCHKEY_BINARY", shell.target().join("release").join("latchkey"))
        .env("LIGHTHOUSE_FOLDER", folder)
        .env("CHROMIUM", &browser.program)
        .envs(browser.environment.iter().map(|(name, path)| (name, path)));
    timed("Lighthouse", || run(&mut command))
}
