//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

/// Licensing portal for desktop apps: storefront, license desk and activation API in one binary.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Settings file; without it, latchkey.toml where the command runs, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the SQLite file, the secrets and unsent mail.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  latchkey serve --demo
  latchkey license issue --email ada@example.com --policy my-app-lifetime

Settings are read from latchkey.toml and from LATCHKEY__SECTION__KEY; `latchkey config print` shows them.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 69 database or address unavailable, 78 wrong settings.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve everything, or the surfaces that the settings name.
    Serve(Serve),
    /// Bring the database's schema up to this version.
    Migrate,
    /// Check or print the settings.
    #[command(subcommand)]
    Config(Config),
    /// Accounts of admins.
    #[command(subcommand)]
    Admin(Admin),
    /// Accounts of customers.
    #[command(subcommand)]
    Customer(Customer),
    /// Licenses.
    #[command(subcommand)]
    License(License),
    /// Signing keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Products, policies and entitlements.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Print the description of the activation API (OpenAPI 3.1).
    Openapi,
    /// Verify a license file, a machine file or a signed key offline; needs no database.
    Verify(Verify),
}

/// `catalog …`
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Print the catalog as a TOML file that `apply` takes.
    Show,
    /// Make the catalog what a TOML file says: prints what changes, then does all of it or nothing.
    Apply {
        /// The file.
        file: PathBuf,
        /// Do not ask before something is removed, or terms change that licenses are under.
        #[arg(long)]
        yes: bool,
        /// Only print what would change.
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
    },
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The file.
    pub file: PathBuf,
    /// A public key of the vendor, 64 hex digits; may be given several times.
    #[arg(long, required = true, value_name = "HEX")]
    pub public_key: Vec<String>,
    /// The license key, for encrypted files.
    #[arg(long, value_name = "KEY")]
    pub license_key: Option<String>,
    /// The machine's fingerprint, for machine files.
    #[arg(long)]
    pub fingerprint: Option<String>,
}

/// What a file of licenses is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects.
    Json,
}

/// What `license set` changes.
#[derive(Debug, Args)]
pub struct LicenseSet {
    /// The license's id.
    pub id: String,
    /// Another owner, who has an account.
    #[arg(long, value_name = "EMAIL")]
    pub owner: Option<String>,
    /// Another policy of the same product, by its code.
    #[arg(long)]
    pub policy: Option<String>,
    /// Another end: 2027-01-31T00:00:00Z, 2027-01-31, or never.
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// A machine limit of its own, or `policy`.
    #[arg(long, value_name = "N")]
    pub max_machines: Option<String>,
    /// A core limit of its own, or `policy`.
    #[arg(long, value_name = "N")]
    pub max_cores: Option<String>,
    /// A limit of uses of its own, or `policy`.
    #[arg(long, value_name = "N")]
    pub max_uses: Option<String>,
    /// Where the usage counter is to stand.
    #[arg(long, value_name = "N")]
    pub uses: Option<u32>,
    /// What to attach instead of what is attached: a JSON object.
    #[arg(long, value_name = "JSON")]
    pub metadata: Option<String>,
    /// An entitlement to give, by code; may be given several times.
    #[arg(long, value_name = "CODE")]
    pub add_entitlement: Vec<String>,
    /// An entitlement of its own to take, by code; may be given several times.
    #[arg(long, value_name = "CODE")]
    pub remove_entitlement: Vec<String>,
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Fill an empty database with a product, a customer, a license and an admin, and print sign-in links.
    #[arg(long)]
    pub demo: bool,
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// `config …`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Read the settings and say whether they can be used.
    Check,
    /// Print every setting with its value; secrets only as whether they are set.
    Print,
}

/// `admin …`
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make an account an admin's, and print a one-time sign-in link that works for 15 minutes.
    Add {
        /// E-mail address.
        email: String,
    },
}

/// `customer …`
#[derive(Debug, Subcommand)]
pub enum Customer {
    /// Make a customer's account.
    Add {
        /// E-mail address.
        email: String,
        /// What to call the person.
        #[arg(long)]
        name: Option<String>,
    },
    /// Show a customer with licenses and history.
    Show {
        /// E-mail address.
        email: String,
    },
}

/// `license …`
#[derive(Debug, Subcommand)]
pub enum License {
    /// Issue a license, and make the customer when the address is new.
    Issue {
        /// The customer's e-mail address.
        #[arg(long)]
        email: String,
        /// The policy's code, such as my-app-lifetime.
        #[arg(long)]
        policy: String,
    },
    /// Show a license with its key.
    Show {
        /// The license's id.
        id: String,
    },
    /// Suspend a license; `reinstate` lifts it.
    Suspend {
        /// The license's id.
        id: String,
    },
    /// Lift a license's suspension.
    Reinstate {
        /// The license's id.
        id: String,
    },
    /// Renew a license by its policy's duration.
    Renew {
        /// The license's id.
        id: String,
    },
    /// Change owner, policy, end, limits, metadata or entitlements of a license.
    Set(Box<LicenseSet>),
    /// Replace a license's key; the old one opens nothing from then on.
    NewKey {
        /// The license's id.
        id: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Write all licenses to standard output or a file. The file holds every key: keep it safe.
    Export {
        /// The file; without it, standard output.
        #[arg(long)]
        output: Option<PathBuf>,
        /// What to write: CSV, or JSON with --json.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Make licenses from a file; the columns are those of an export, email and policy are enough.
    /// Machines, names and bans of accounts are not in it. A running server goes on meanwhile: rows are
    /// prepared in small steps and become licenses together at the end.
    Import {
        /// The file.
        file: PathBuf,
        /// What it is written in; without it, what its name ends in.
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// Keep the good rows although others are refused; without it, it is all or nothing.
        #[arg(long)]
        partial: bool,
    },
    /// Revoke a license, for good.
    Revoke {
        /// The license's id.
        id: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// `keys …`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Print the public key that apps embed: hex, PEM, and lines of code for clients.
    Public,
    /// List the keys: which one signs, which verify, until when files are good.
    List,
    /// Let another key sign from now on. What the old one signed stays good until it is retired.
    Rotate {
        /// Only make the next key, for apps to embed before it signs.
        #[arg(long)]
        prepare: bool,
        /// Do not ask.
        #[arg(long, conflicts_with = "prepare")]
        yes: bool,
    },
    /// Retire a key, for good: what it signed is good no longer.
    Retire {
        /// The key's id.
        id: String,
        /// Even if files or license keys that it signed are still about.
        #[arg(long)]
        even_if_in_use: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}
