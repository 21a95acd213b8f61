//! The arguments of commands that list and find. Their values are read where the lists are defined, so that commands and
//! pages accept the same.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The order and the page of a list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The order; an unknown one is answered with all that exist
    #[arg(long, value_name = "ORDER")]
    pub sort: Option<String>,
    /// How many rows, 1 to 100 [default: 25]
    #[arg(long, value_name = "N")]
    pub page_size: Option<String>,
    /// The page after this one: the cursor that the last page printed
    #[arg(long, value_name = "CURSOR", conflicts_with = "before")]
    pub after: Option<String>,
    /// The page before this one: the cursor that the last page printed
    #[arg(long, value_name = "CURSOR")]
    pub before: Option<String>,
    /// Print all rows that match, as CSV for spreadsheets. It is recorded in the audit log
    #[arg(long, conflicts_with_all = ["page_size", "after", "before", "json"])]
    pub csv: bool,
}

/// `license list`
#[derive(Debug, Args)]
pub struct LicenseList {
    /// What the customer's address or name begins with, or the last four letters of the key
    pub text: Option<String>,
    /// Only those that are active, expired, suspended or revoked
    #[arg(long)]
    pub status: Option<String>,
    /// Only those under the policy with this code
    #[arg(long, value_name = "CODE")]
    pub policy: Option<String>,
    /// Only those for the product with this code
    #[arg(long, value_name = "CODE")]
    pub product: Option<String>,
    /// Only those with active machines (yes), or without (no)
    #[arg(long, value_name = "YES|NO")]
    pub machines: Option<String>,
    /// Only those issued from this day or time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only those issued up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only those that expire from this day or time on
    #[arg(long, value_name = "TIME")]
    pub expires_from: Option<String>,
    /// Only those that expire up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub expires_to: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// `license explain`
#[derive(Debug, Args)]
pub struct LicenseExplain {
    /// The license's id, its key, or the last four letters of its key
    pub id: String,
    /// The fingerprint of the machine that the app runs on; can be given several times
    #[arg(long)]
    pub fingerprint: Vec<String>,
    /// An entitlement that the app asks for; can be given several times
    #[arg(long, value_name = "CODE")]
    pub entitlement: Vec<String>,
    /// The product that the app asks for
    #[arg(long, value_name = "CODE")]
    pub product: Option<String>,
    /// The policy that the app asks for
    #[arg(long, value_name = "CODE")]
    pub policy: Option<String>,
    /// The version that the app asks for
    #[arg(long)]
    pub release: Option<String>,
}

/// `customer list`
#[derive(Debug, Args)]
pub struct CustomerList {
    /// What the address or the name begins with
    pub text: Option<String>,
    /// Only those with this role: customer, support or admin
    #[arg(long)]
    pub role: Option<String>,
    /// Only those that are banned (yes), or not (no)
    #[arg(long, value_name = "YES|NO")]
    pub banned: Option<String>,
    /// Only those with licenses (yes), or without (no)
    #[arg(long, value_name = "YES|NO")]
    pub licenses: Option<String>,
    /// Only those created from this day or time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only those created up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// `machine …`
#[derive(Debug, Subcommand)]
pub enum Machine {
    /// List machines, active or not
    List(Box<MachineList>),
    /// List activations, deactivations and other events of machines
    Log(MachineLog),
    /// Free an active machine, so that its license can be activated on another
    Free {
        /// The machine's id
        id: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// `machine list`
#[derive(Debug, Args)]
pub struct MachineList {
    /// What the customer's address or name begins with
    pub text: Option<String>,
    /// Only those that are active (yes), or not (no)
    #[arg(long, value_name = "YES|NO")]
    pub active: Option<String>,
    /// Only those with this fingerprint
    #[arg(long)]
    pub fingerprint: Option<String>,
    /// Only those of the license with this id
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,
    /// Only those of licenses under the policy with this code
    #[arg(long, value_name = "CODE")]
    pub policy: Option<String>,
    /// Only those of licenses for the product with this code
    #[arg(long, value_name = "CODE")]
    pub product: Option<String>,
    /// Only those activated from this day or time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only those activated up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only those last seen from this day or time on
    #[arg(long, value_name = "TIME")]
    pub seen_from: Option<String>,
    /// Only those last seen up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub seen_to: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// `machine log`
#[derive(Debug, Args)]
pub struct MachineLog {
    /// Only those of the license with this id
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,
    /// Only those of this kind, such as machine.activated
    #[arg(long)]
    pub event: Option<String>,
    /// Only those from this day or time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only those up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// `audit list`
#[derive(Debug, Args)]
pub struct AuditList {
    /// Only what this kind of actor did: host, visitor, customer, support, admin, app or server
    #[arg(long)]
    pub actor: Option<String>,
    /// Only what the account or license with this id did
    #[arg(long, value_name = "ID")]
    pub actor_id: Option<String>,
    /// Only events of this kind, such as license.issued
    #[arg(long)]
    pub event: Option<String>,
    /// Only events of this kind of record, such as license
    #[arg(long)]
    pub subject: Option<String>,
    /// Only events of the record with this id
    #[arg(long, value_name = "ID")]
    pub subject_id: Option<String>,
    /// Only those from this day or time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only those up to this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// `stats`
#[derive(Debug, Args)]
pub struct Stats {
    /// The number of days: 7, 30, 90 or 365
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// Payments in Stripe's test mode instead of real ones
    #[arg(long)]
    pub test_mode: bool,
}

/// `man`
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for each command to this folder [default: print the first page]
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}
