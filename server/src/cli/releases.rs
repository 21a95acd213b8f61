//! `release …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `release …`
#[derive(Debug, Subcommand)]
pub enum Release {
    /// Add a file to the content folder: compute its checksums, sign it, and list it in releases.toml
    Add(Box<ReleaseAdd>),
    /// Create the key that signs files, or print its public part in the forms that updaters expect
    Key {
        /// The key's file. If it does not exist, a new key is written to it
        file: PathBuf,
    },
}

/// `release add`
#[derive(Debug, Args)]
pub struct ReleaseAdd {
    /// The file, such as Acme-Draw_1.4.0_x64-setup.exe. It is copied to the folder builds in the content folder
    pub file: PathBuf,
    /// The version [default: the one in the file's name]
    #[arg(long = "version", id = "release_version", value_name = "VERSION")]
    pub version: Option<String>,
    /// stable, rc, beta, alpha or dev [default: the one that the version names, such as beta for 2.0.0-beta.1]
    #[arg(long)]
    pub channel: Option<String>,
    /// windows, macos, linux or any [default: the one in the file's name, or that its extension implies]
    #[arg(long)]
    pub platform: Option<String>,
    /// x64, arm64, x86, armv7 or universal [default: the one in the file's name]
    #[arg(long)]
    pub arch: Option<String>,
    /// The code of the product, if the release is not of all products
    #[arg(long)]
    pub product: Option<String>,
    /// The day of a new release [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
    /// A file with what changed in a new release, in Markdown
    #[arg(long, value_name = "FILE")]
    pub notes: Option<PathBuf>,
    /// The name under which the file is published [default: its own]
    #[arg(long)]
    pub name: Option<String>,
    /// Where the file is. It is then not copied
    #[arg(long)]
    pub url: Option<String>,
    /// Let anyone have the file, without a license
    #[arg(long)]
    pub public: bool,
    /// The key that signs the file, as `release key` creates it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["signature", "minisign"])]
    pub key: Option<PathBuf>,
    /// The Ed25519 signature that another program made of the file, such as Sparkle's sign_update
    #[arg(long, value_name = "BASE64")]
    pub signature: Option<String>,
    /// The signature file that another program made, such as Tauri
    #[arg(long, value_name = "FILE")]
    pub minisign: Option<PathBuf>,
    /// The content folder [default: the setting content.folder]
    #[arg(long, value_name = "FOLDER")]
    pub content: Option<PathBuf>,
    /// Only print what would be added
    #[arg(long)]
    pub dry_run: bool,
}
