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
  latchkey license issue --email ada@example.com --policy chartgpt-lifetime

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
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Fill an empty database with ChartGPT, a customer, a license and an admin, and print sign-in links.
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
        /// The policy's code, such as chartgpt-lifetime.
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
    /// Retire a key: what it signed is good no longer.
    Retire {
        /// The key's id.
        id: String,
        /// Even if files or license keys that it signed are still about.
        #[arg(long)]
        yes: bool,
    },
}
