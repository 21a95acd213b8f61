//! Builds what browsers load into `dist/`: WASM with its script, the style sheet, fonts and images.
//!
//! wasm-bindgen is used as a library. Cargo.lock pins it to the version that the crates were built for, so there
//! is no tool to install and no version mismatch.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    printer::PrinterOptions,
    stylesheet::{MinifyOptions, ParserOptions},
};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Shell, timed};

/// A script with its WASM.
struct Bundle {
    /// The name of its files.
    name: &'static str,
    /// The features of the entry point.
    features: &'static [&'static str],
}

const BUNDLES: [Bundle; 3] = [
    Bundle { name: "latchkey", features: &[] },
    Bundle { name: "latchkey-account", features: &["--features", "account"] },
    Bundle { name: "latchkey-admin", features: &["--features", "admin"] },
];

/// The style sheets: the name of each file, and its source.
const STYLE_SHEETS: [(&str, &str); 3] =
    [("latchkey", "style/main.css"), ("latchkey-admin", "style/admin.css"), ("latchkey-site", "style/site.css")];

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A build profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build.
    Dev,
    /// Small and precompressed.
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "wasm-release",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "wasm-release",
        }
    }
}

/// Builds everything into `dist/`, which the server then embeds.
pub(crate) fn build(shell: &Shell, root: &Path, profile: Profile) -> Result<()> {
    ensure_target(shell)?;
    let fresh = root.join("dist.new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    let pkg = fresh.join("pkg");
    fs::create_dir_all(&pkg)?;
    // Each build of the entry point replaces the one before.
    let wasm = shell.target().join(WASM_TARGET).join(profile.folder()).join("latchkey_frontend.wasm");
    for bundle in BUNDLES {
        let base =
            ["cargo", "build", "--package", "latchkey-frontend", "--target", WASM_TARGET, "--profile", profile.name()];
        shell.step(bundle.name, &[&base, bundle.features].concat())?;
        timed(&format!("{}: script", bundle.name), || bindgen(&wasm, &pkg, bundle.name))?;
    }
    timed("front end: assets", || {
        for (name, source) in STYLE_SHEETS {
            fs::write(pkg.join(format!("{name}.css")), style(&root.join(source))?)?;
        }
        copy(&root.join("public"), &fresh)?;
        if profile == Profile::Release {
            compress(&fresh)?;
        }
        replace_changed(&fresh, &root.join("dist"))
    })
}

fn ensure_target(shell: &Shell) -> Result<()> {
    let libraries = shell.output(&["rustc", "--print", "target-libdir", "--target", WASM_TARGET]);
    if libraries.is_some_and(|folder| Path::new(&folder).exists()) {
        return Ok(());
    }
    if shell.output(&["rustup", "--version"]).is_none() {
        bail!(
            "the front end is built for {WASM_TARGET}, which this toolchain cannot build for: use rustup \
             (https://rustup.rs), or install the target from where the toolchain came from"
        );
    }
    shell.step("WASM target", &["rustup", "target", "add", WASM_TARGET])
}

fn bindgen(wasm: &Path, out: &Path, name: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.web(true).context("wasm-bindgen could not be set up for the web target")?;
    bindgen.input_path(wasm).out_name(name).typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(out).context("wasm-bindgen could not process the front end")
}

/// The style sheet with its imports, checked and minified.
fn style(main: &Path) -> Result<String> {
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(main).map_err(|error| anyhow::anyhow!("the style sheet cannot be read: {error}"))?;
    sheet.minify(MinifyOptions::default()).map_err(|error| anyhow::anyhow!("the style sheet: {error}"))?;
    let printed = sheet.to_css(PrinterOptions { minify: true, ..PrinterOptions::default() });
    Ok(printed.map_err(|error| anyhow::anyhow!("the style sheet: {error}"))?.code)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{} could not be read", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn compress(folder: &Path) -> Result<()> {
    for path in files(folder)? {
        let worth_it =
            path.extension().is_some_and(|end| ["wasm", "js", "css", "svg"].iter().any(|known| end == *known));
        if !worth_it {
            continue;
        }
        let bytes = fs::read(&path)?;
        let compressed = brotli(&bytes)?;
        eprintln!("    {}: {} kB, {} kB compressed", path.display(), bytes.len() / 1000, compressed.len() / 1000);
        let mut name = path.clone().into_os_string();
        name.push(".br");
        fs::write(name, compressed)?;
        // The server decompresses it for browsers that do not accept it.
        fs::remove_file(path)?;
    }
    Ok(())
}

/// As small as a server sends it.
pub(crate) fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Replaces the old files with the new ones. Unchanged files are not touched, so that the server is not rebuilt
/// without need.
fn replace_changed(fresh: &Path, place: &Path) -> Result<()> {
    fs::create_dir_all(place)?;
    let wanted: Vec<PathBuf> =
        files(fresh)?.iter().filter_map(|path| path.strip_prefix(fresh).ok().map(Path::to_owned)).collect();
    for old in files(place)? {
        if old.strip_prefix(place).is_ok_and(|name| !wanted.iter().any(|kept| kept == name)) {
            fs::remove_file(old)?;
        }
    }
    for name in wanted {
        let (from, to) = (fresh.join(&name), place.join(&name));
        if fs::read(&to).ok() != fs::read(&from).ok() {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(from, to)?;
        }
    }
    Ok(fs::remove_dir_all(fresh)?)
}
