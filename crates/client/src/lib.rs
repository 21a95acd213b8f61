//! What a desktop app embeds to ask whether it may run.
//!
//! Three layers, each usable alone:
//!
//! * [`verify`]: checks license files, machine files and signed keys offline. No network, no clock, no
//!   threads; builds for `wasm32` with `default-features = false`.
//! * [`record`] and [`standing`]: what an app remembers, and what follows from it at a given time. The
//!   rule that decides everything: **only a signed "no" locks; silence starts the grace period**, which
//!   keeps every entitlement.
//! * [`client`] (feature `http`): talks to the server, checks every answer's signature, keeps the record
//!   in a [`storage::Storage`] that the app chooses.
//!
//! ```no_run
//! # #[cfg(feature = "http")] fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use latchkey_client::{Client, Config, MachineFacts, PublicKey, Standing, storage::FileStorage};
//!
//! let config = Config::new(
//!     "https://licenses.example.com",
//!     "0190f3c2-0000-7000-8000-000000000001".parse()?,
//!     vec![PublicKey::from_hex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")?],
//! );
//! // The app's own folder, not the folder it was started in.
//! let folder = std::env::home_dir().ok_or("no home folder")?.join(".chartgpt");
//! let this_machine = latchkey_client::fingerprint::of_this_machine("chartgpt")?;
//! let mut client = Client::new(config, FileStorage::new(folder.join("license.json")), this_machine)?;
//!
//! // At every start, and whenever it matters: asks nobody, needs no network.
//! match client.standing() {
//!     Standing::Licensed(rights) | Standing::Grace(rights) => println!("run, until {}", rights.until.human_date()),
//!     Standing::NotActivated => {
//!         // The person enters a key; this needs the server once.
//!         client.enter_key("CGPT-0000-0000-0000-0000-0000-0000-0000")?;
//!         client.activate(&MachineFacts::default())?;
//!     }
//!     other => println!("{other}"),
//! }
//!
//! // In the background, some times a day: this is how a renewal, a suspension or a new entitlement
//! // arrives. Without an answer nothing changes.
//! client.refresh()?;
//! println!("{}", client.standing());
//! # Ok(()) }
//! # #[cfg(not(feature = "http"))] fn main() {}
//! ```
//!
//! # What it cannot do
//!
//! The person at the computer owns the computer. Whoever edits the app, or keeps its clock standing
//! while it stays offline, gets past any check on it. This crate makes honest use effortless and
//! dishonest use inconvenient: a clock set back does not lengthen anything that was signed, and a file
//! for another computer, product or vendor does not open.

#[cfg(feature = "http")]
pub mod client;
#[cfg(feature = "fingerprint")]
pub mod fingerprint;
#[cfg(feature = "qr")]
pub mod qr;
pub mod record;
pub mod standing;
pub mod storage;
#[cfg(feature = "http")]
pub mod transport;
pub mod verify;

#[cfg(feature = "http")]
mod answer;
#[cfg(feature = "http")]
pub mod config;
#[cfg(feature = "http")]
pub mod outcome;

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
pub use outcome::{ActivateError, Holder, Outcome};
pub use standing::{Rights, Standing, Terms};
pub use verify::{LONGEST_FILE, Verifier, VerifyError};
