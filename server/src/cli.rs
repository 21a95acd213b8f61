//! The command line.

pub mod lists;
mod releases;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

pub use releases::{Release, ReleaseAdd};

use crate::cli::lists::{AuditList, CustomerList, LicenseExplain, LicenseList, Machine, Man, Stats};

/// Licensing portal for desktop apps: customer portal, activation API and documentation in one binary.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Settings file [default: latchkey.toml in the current folder, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder for the SQLite file, the secrets and unsent mail
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Print results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  latchkey serve --demo
  latchkey license issue --email ada@example.com --policy my-app-lifetime

Settings are read from latchkey.toml and from LATCHKEY__SECTION__KEY; `latchkey config print` shows them.
Exit codes: 0 success, 1 refused or failed, 2 wrong usage, 69 database or address unavailable, 78 invalid settings.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve all surfaces, or those named in the settings
    Serve(Serve),
    /// Migrate the database's schema to this version
    Migrate,
    /// Check or print the settings
    #[command(subcommand)]
    Config(Config),
    /// Manage admin accounts
    #[command(subcommand)]
    Admin(Admin),
    /// Manage customer accounts
    #[command(subcommand)]
    Customer(Customer),
    /// Export and delete what is kept about a person
    #[command(subcommand)]
    Account(Account),
    /// Manage licenses
    #[command(subcommand)]
    License(License),
    /// List and free machines
    #[command(subcommand)]
    Machine(Machine),
    /// Show what needs attention, how many licenses and machines there are, and sales
    Stats(Stats),
    /// Manage signing keys
    #[command(subcommand)]
    Keys(Keys),
    /// Manage products, policies and entitlements
    #[command(subcommand)]
    Catalog(Catalog),
    /// Show, release and refund orders
    #[command(subcommand, name = "order")]
    Orders(Orders),
    /// List and verify the audit log
    #[command(subcommand)]
    Audit(Audit),
    /// Preview the mails that customers get
    #[command(subcommand)]
    Mail(Mail),
    /// Set up the payment provider, and look at what it sent
    #[command(subcommand)]
    Stripe(Stripe),
    /// Check the settings, mail, the payment provider and the clock, and say what to do about each problem
    Doctor,
    /// Print the description of the activation API (OpenAPI 3.1)
    Openapi,
    /// Verify a license file, a machine file or a signed key offline, without a database
    Verify(Verify),
    /// Write the texts of the site and the help for customers to a folder, to change them
    #[command(subcommand)]
    Content(Content),
    /// Publish files of the product: for downloads, and for the updaters of apps
    #[command(subcommand)]
    Release(Release),
    /// Print a script that completes commands in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual, or write it as a page for each command
    Man(Man),
}

/// `audit …`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List entries of the audit log
    List(Box<AuditList>),
    /// Print the end of the audit log, to be kept where someone who can change the database cannot
    Head,
    /// Check that no entry of the audit log was changed, deleted, inserted or moved
    Verify {
        /// An end that was kept, as `audit head` or the server's log prints it. Without one, entries that were cut off
        /// together with all that followed them are not noticed
        #[arg(long, value_name = "HEAD")]
        head: Option<String>,
    },
}

/// `catalog …`
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Print the catalog as a TOML file for `apply`
    Show,
    /// Change the catalog to match a TOML file: print the changes, then make all of them or none
    Apply {
        /// The TOML file
        file: PathBuf,
        /// Do not ask for confirmation before removing anything, changing terms of existing licenses, or in spite of warnings
        #[arg(long)]
        yes: bool,
        /// Only print what would change
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
    },
}

/// `content …`
#[derive(Debug, Subcommand)]
pub enum Content {
    /// Write the texts that are compiled in to a folder, for the setting content.folder
    Export {
        /// The folder. It must not exist, or be empty
        folder: PathBuf,
    },
}

/// `order …`
#[derive(Debug, Subcommand)]
pub enum Orders {
    /// List orders, the newest first
    List {
        /// Only those with this status, such as held
        #[arg(long)]
        status: Option<String>,
        /// Only those that were bought with this address, or that its account received
        #[arg(long)]
        email: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show an order with its licenses and payments
    Show {
        /// The order's number, such as 7F3K-9QXM, or its id
        id: String,
    },
    /// Deliver a held order although something does not match, and mail its keys to the buyer
    Release {
        /// The order's number, such as 7F3K-9QXM, or its id
        id: String,
        /// The buyer's address, if the order is held because the checkout has none. An account is created if there is none
        /// with it
        #[arg(long)]
        email: Option<String>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Do not notify the buyer by mail
        #[arg(long)]
        no_mail: bool,
    },
    /// Refund all payments of an order at Stripe, which revokes what it bought, and notify the buyer by mail
    Refund {
        /// The order's number, such as 7F3K-9QXM, or its id
        id: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Do not notify the buyer by mail
        #[arg(long)]
        no_mail: bool,
    },
}

/// `stripe …`
#[derive(Debug, Subcommand)]
pub enum Stripe {
    /// Make what is missing at Stripe for the catalog to be sold: print the changes, then make them
    Provision {
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Only print what would change
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        /// Make a new webhook endpoint, with a new signing secret, although there is one
        #[arg(long)]
        replace_endpoint: bool,
    },
    /// Look at the events that Stripe sent, and handle them again
    #[command(subcommand)]
    Events(StripeEvents),
    /// Compare with Stripe now, and repair what lost events left undone
    Sync,
}

/// `stripe events …`
#[derive(Debug, Subcommand)]
pub enum StripeEvents {
    /// List events, the last received first
    List {
        /// Only those in this state: waiting, done, ignored, not_understood or failed
        #[arg(long)]
        state: Option<String>,
        /// Only those received before this time, such as 2027-01-31T00:00:00Z
        #[arg(long, value_name = "TIME")]
        before: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show an event with its body
    Show {
        /// The event's id
        id: String,
    },
    /// Let the server handle an event again
    Replay {
        /// The event's id
        id: String,
    },
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The file
    pub file: PathBuf,
    /// A public key of the vendor, 64 hex digits; can be given several times
    #[arg(long, required = true, value_name = "HEX")]
    pub public_key: Vec<String>,
    /// The license key, for encrypted files
    #[arg(long, value_name = "KEY")]
    pub license_key: Option<String>,
    /// The machine's fingerprint, for machine files
    #[arg(long)]
    pub fingerprint: Option<String>,
}

/// The format of an import or export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header line
    Csv,
    /// An array of objects
    Json,
}

/// What `license set` changes.
#[derive(Debug, Args)]
pub struct LicenseSet {
    /// The license's id, its key, or the last four letters of its key
    pub id: String,
    /// The new owner, who must have an account
    #[arg(long, value_name = "EMAIL")]
    pub owner: Option<String>,
    /// The code of another policy of the same product
    #[arg(long)]
    pub policy: Option<String>,
    /// When the license expires: 2027-01-31T00:00:00Z, 2027-01-31 for the end of that day, or never
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// A machine limit for this license, or `policy` for the policy's limit
    #[arg(long, value_name = "N")]
    pub max_machines: Option<String>,
    /// A core limit for this license, or `policy` for the policy's limit
    #[arg(long, value_name = "N")]
    pub max_cores: Option<String>,
    /// A limit of uses for this license, or `policy` for the policy's limit
    #[arg(long, value_name = "N")]
    pub max_uses: Option<String>,
    /// The new value of the usage counter
    #[arg(long, value_name = "N")]
    pub uses: Option<u32>,
    /// New metadata, which replaces the existing metadata: a JSON object
    #[arg(long, value_name = "JSON")]
    pub metadata: Option<String>,
    /// The code of an entitlement to grant; can be given several times
    #[arg(long, value_name = "CODE")]
    pub add_entitlement: Vec<String>,
    /// The code of an individually granted entitlement to remove; can be given several times
    #[arg(long, value_name = "CODE")]
    pub remove_entitlement: Vec<String>,
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Fill an empty database with a product, a customer, a license and an admin, and print sign-in links
    #[arg(long)]
    pub demo: bool,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// `config …`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Read the settings and check that they are valid
    Check,
    /// Print all settings with their values; for secrets, only whether they are set
    Print,
}

/// `admin …`
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make an account an admin or support agent, and print a one-time sign-in link that is valid for 15 minutes
    Add {
        /// E-mail address
        email: String,
        /// What the account may do
        #[arg(long, default_value = "admin")]
        role: StaffRole,
    },
    /// List admins and support agents
    List,
    /// Remove all passkeys and recovery codes of an admin or support agent, and print a one-time sign-in link with which
    /// to create a new passkey
    Reset {
        /// E-mail address
        email: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Make an admin or support agent a customer again, and end their sessions
    Remove {
        /// E-mail address
        email: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// `--role`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum StaffRole {
    /// Reads everything and helps customers
    Support,
    /// May do everything
    Admin,
}

/// `customer …`
#[derive(Debug, Subcommand)]
pub enum Customer {
    /// Create a customer account
    Add {
        /// E-mail address
        email: String,
        /// The customer's name
        #[arg(long)]
        name: Option<String>,
    },
    /// List customers and staff
    List(CustomerList),
    /// Show a customer with their licenses and history
    Show {
        /// E-mail address
        email: String,
    },
}

/// `account …`
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Print everything that is kept about a person as JSON, without keys and secrets. It is recorded in the audit log
    Export {
        /// E-mail address
        email: String,
    },
    /// Delete a customer's account: erase what identifies the person, and keep licenses and orders without it
    Delete {
        /// E-mail address
        email: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// `license …`
#[derive(Debug, Subcommand)]
pub enum License {
    /// Issue a license and mail its key to the customer, whose account is created if the address is new
    Issue {
        /// The customer's e-mail address
        #[arg(long)]
        email: String,
        /// The policy's code, such as my-app-lifetime
        #[arg(long)]
        policy: String,
        /// Do not notify the customer by mail
        #[arg(long)]
        no_mail: bool,
    },
    /// List licenses
    List(Box<LicenseList>),
    /// Find licenses and anything else by what is at hand: the start of an address or a name, a license key or its last four
    /// letters, a fingerprint, an id, the number of an order, or an id of Stripe
    Find {
        /// The text
        text: String,
    },
    /// Explain how a license validates: every check with its result. Nothing is recorded
    Explain(LicenseExplain),
    /// Show a license with its key
    Show {
        /// The license's id, its key, or the last four letters of its key
        id: String,
    },
    /// Suspend a license until it is reinstated, and notify the customer by mail
    Suspend {
        /// The license's id, its key, or the last four letters of its key
        id: String,
        /// Do not notify the customer by mail
        #[arg(long)]
        no_mail: bool,
    },
    /// Reinstate a suspended license, and notify the customer by mail
    Reinstate {
        /// The license's id, its key, or the last four letters of its key
        id: String,
        /// Do not notify the customer by mail
        #[arg(long)]
        no_mail: bool,
    },
    /// Renew a license for its policy's duration, and notify the customer by mail
    Renew {
        /// The license's id, its key, or the last four letters of its key
        id: String,
        /// Do not notify the customer by mail
        #[arg(long)]
        no_mail: bool,
    },
    /// Change the owner, policy, expiry, limits, metadata or entitlements of a license. No mail is sent
    Set(Box<LicenseSet>),
    /// Replace a license's key and mail the new key to the customer; the old key stops working
    NewKey {
        /// The license's id, its key, or the last four letters of its key
        id: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Do not notify the customer by mail
        #[arg(long)]
        no_mail: bool,
    },
    /// Export all licenses to standard output or a file. The export contains all license keys: keep it safe
    Export {
        /// The file [default: standard output]
        #[arg(long)]
        output: Option<PathBuf>,
        /// The format [default: CSV, or JSON with --json]
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Import licenses from a file with the columns of an export. Only email and policy are required. All
    /// licenses appear at once, at the end; a running server keeps serving during the import. Machines and the
    /// names of customers are not imported. No mail is sent
    Import {
        /// The file
        file: PathBuf,
        /// The file's format [default: by the file name's extension]
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// Import the valid rows even if others are rejected; otherwise it is all or nothing
        #[arg(long)]
        partial: bool,
        /// Do not ask for confirmation if rows may repeat licenses that exist
        #[arg(long)]
        yes: bool,
    },
    /// Revoke a license permanently, and notify the customer by mail
    Revoke {
        /// The license's id, its key, or the last four letters of its key
        id: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Do not notify the customer by mail
        #[arg(long)]
        no_mail: bool,
    },
}

/// `mail …`
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Print a mail with sample data. This needs no database
    Preview(MailPreview),
}

/// `mail preview`
#[derive(Debug, Args)]
pub struct MailPreview {
    /// The kind of mail; --list shows all
    #[arg(required_unless_present = "list")]
    pub kind: Option<String>,
    /// List the kinds of mail, with the reasons for which they have different texts
    #[arg(long, conflicts_with_all = ["kind", "html", "text", "reason"])]
    pub list: bool,
    /// The reason, if the mail has different texts [default: the first in the list]
    #[arg(long)]
    pub reason: Option<String>,
    /// Print only the HTML body
    #[arg(long, conflicts_with = "text")]
    pub html: bool,
    /// Print only the plain text body
    #[arg(long)]
    pub text: bool,
}

/// `keys …`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Print the public key that apps embed, as hex, PEM and code for clients
    Public,
    /// List the keys: which one signs, which ones verify, and how long their files are valid
    List,
    /// Start signing with the next key. What the old key signed stays valid until that key is retired
    Rotate {
        /// Only create the next key, so that apps can embed it before it signs
        #[arg(long)]
        prepare: bool,
        /// Do not ask for confirmation
        #[arg(long, conflicts_with = "prepare")]
        yes: bool,
    },
    /// Retire a key permanently. Files and license keys that it signed become invalid
    Retire {
        /// The key's id
        id: String,
        /// Retire the key even if files or license keys that it signed are still in use
        #[arg(long)]
        even_if_in_use: bool,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}
