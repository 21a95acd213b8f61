//! A desktop app in a terminal that goes through the life of a license: enter a key, activate, work offline,
//! reach the machine limit, and see what happens when the server is down or the clock is set back.
//!
//! ```text
//! cargo run -p latchkey-client --example desktop -- http://127.0.0.1:3000 PRODUCT-ID PUBLIC-KEY [PUBLIC-KEY …]
//! ```
//!
//! Get the product's id from `latchkey catalog show` and the public key from `latchkey keys public`. The license is
//! stored in `desktop-license.json` in the current directory.

mod shell;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use latchkey_client::{Client, Config, PublicKey, fingerprint, storage::FileStorage, transport::HttpTransport};
use shell::{AdjustableClock, Shell};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let usage = "usage: desktop API-URL PRODUCT-ID PUBLIC-KEY [PUBLIC-KEY …]";
    let (Some(api_url), Some(product)) = (words.next(), words.next()) else {
        return Err(usage.into());
    };
    let keys = words.map(|word| PublicKey::from_hex(&word)).collect::<Result<Vec<_>, _>>()?;
    let config = Config::new(&api_url, product.parse()?, keys);
    let clock = AdjustableClock::default();
    let storage = FileStorage::new("desktop-license.json");
    let this_machine = fingerprint::of_this_machine("latchkey desktop example")?;
    let client = Client::with(config, storage, this_machine, HttpTransport::default(), clock.clone())?;
    Shell::new(client, clock, api_url).run(io::stdin().lock(), io::stdout().lock())?;
    Ok(())
}
