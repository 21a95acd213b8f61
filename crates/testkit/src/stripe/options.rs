//! How a double is set up.

use std::{sync::Arc, time::Duration};

use latchkey_service::Clock;

use super::clock::RealTime;

/// The API version whose objects the double emits.
pub const API_VERSION: &str = "2026-09-30.endive";

/// A webhook endpoint that exists from the start.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub url: String,
    pub secret: String,
    /// Event types, or `*`.
    pub enabled_events: Vec<String>,
}

impl Endpoint {
    /// An endpoint that receives all events.
    pub fn new(url: &str, secret: &str) -> Self {
        Self { url: url.to_owned(), secret: secret.to_owned(), enabled_events: vec!["*".to_owned()] }
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    /// On 127.0.0.1. 0 is any free port.
    pub port: u16,
    pub api_key: String,
    pub is_live: bool,
    /// The source of time. Share a [`TestClock`](crate::TestClock) to let the double and the server under test agree.
    pub clock: Arc<dyn Clock>,
    pub endpoints: Vec<Endpoint>,
    /// Whether events wait until a test delivers them.
    pub is_held: bool,
    /// The time between two attempts to deliver an event.
    pub retry_after: Duration,
    /// The number of attempts to deliver an event.
    pub attempts: u32,
    /// The tax on sales with `automatic_tax`, in hundredths of a percent.
    pub tax_basis_points: i64,
    /// Whether optional fields that Stripe usually leaves empty are filled with its example's values, to test parsers.
    pub is_filled: bool,
    /// Ids and secrets depend on it.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            api_key: "sk_test_DoubleDoubleDoubleDoubleDouble".to_owned(),
            is_live: false,
            clock: Arc::new(RealTime),
            endpoints: Vec::new(),
            is_held: false,
            retry_after: Duration::from_secs(2),
            attempts: 16,
            tax_basis_points: 1_900,
            is_filled: false,
            seed: 1,
        }
    }
}
