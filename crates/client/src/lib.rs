//! License checks for desktop apps.
//!
//! The crate has three layers, and each can be used alone:
//!
//! * [`verify`] verifies license files, machine files and signed keys offline. It uses no network, clock or
//!   threads, and builds for `wasm32` with `default-features = false`.
//! * [`record`] and [`access`]: what an app stores, and whether it may run at a given time. The most important
//!   rule: **only a signed refusal locks the app. If the server cannot be reached, the app keeps running until
//!   its file expires and then for a grace period**, with all entitlements.
//! * [`client`] (feature `http`) talks to the server, verifies the signature of every response, and keeps the
//!   record in a [`storage::Storage`] that the app chooses.
//!
//! ```no_run
//! # #[cfg(feature = "http")] fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use latchkey_client::{Access, Client, Config, MachineFacts, PublicKey, storage::FileStorage};
//!
//! let config = Config::new(
//!     "https://licenses.example.com",
//!     "0190f3c2-0000-7000-8000-000000000001".parse()?,
//!     vec![PublicKey::from_hex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")?],
//! );
//! // The app's own folder, not the current directory.
//! let folder = std::env::home_dir().ok_or("no home folder")?.join(".acme-draw");
//! let this_machine = latchkey_client::fingerprint::of_this_machine("acme-draw")?;
//! let mut client = Client::new(config, FileStorage::new(folder.join("license.json")), this_machine)?;
//!
//! // At every start, and before anything that needs a license. Does not use the network.
//! match client.access() {
//!     Access::Licensed(rights) | Access::Grace(rights) => println!("run, until {}", rights.until.human_date()),
//!     Access::NotActivated => {
//!         // The user enters a key. This needs the server once.
//!         client.enter_key("CGPT-0000-0000-0000-0000-0000-0000-0000")?;
//!         client.activate(&MachineFacts::default())?;
//!     }
//!     other => println!("{other}"),
//! }
//!
//! // In the background, a few times a day, to learn of renewals, suspensions and new entitlements.
//! // If the server cannot be reached, nothing changes.
//! client.refresh()?;
//! println!("{}", client.access());
//! # Ok(()) }
//! # #[cfg(not(feature = "http"))] fn main() {}
//! ```
//!
//! # Limits
//!
//! Users control their computers. Someone who modifies the app, or stops the clock of a computer that stays
//! offline, can bypass any check. This crate makes honest use effortless and dishonest use inconvenient:
//! setting the clock back does not extend anything that was signed, and a file for another computer, product
//! or vendor is rejected.

#![warn(missing_docs)]

pub mod access;
#[cfg(feature = "http")]
pub mod client;
#[cfg(feature = "fingerprint")]
pub mod fingerprint;
#[cfg(feature = "qr")]
pub mod qr;
pub mod record;
pub mod storage;
#[cfg(feature = "http")]
pub mod transport;
pub mod verify;

#[cfg(feature = "http")]
pub mod config;
#[cfg(feature = "http")]
pub mod outcome;
#[cfg(feature = "http")]
mod signed_response;

pub use access::{Access, OfflineTerms, Rights};
#[cfg(feature = "http")]
pub use client::Client;
#[cfg(feature = "http")]
pub use config::Config;
pub use latchkey_licensing::{
    air_gap::{Action, AirGapRequest},
    certificate::{FileError, FileKind},
    claims::{ClaimsError, FileClaims, LicenseClaims, MachineClaims},
    entitlement::EntitlementCode,
    ids::{LicenseId, MachineId, ProductId},
    license_key::{KeyError, LicenseKey},
    machine::{Fingerprint, MachineFacts},
    public_key::{InvalidPublicKey, PublicKey},
    signed_key::{KeyClaims, SignedKeyError},
    time::Timestamp,
};
#[cfg(feature = "http")]
pub use outcome::{ActiveMachine, ClientError, Outcome};
pub use verify::{DEFAULT_MAX_FILE_AGE, Verifier, VerifyError};
