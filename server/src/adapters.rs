//! The ports of the service, fulfilled: the system's clock and randomness, SMTP, a folder of mail.

mod folder_mailer;
mod message;
mod smtp_mailer;

use latchkey_licensing::time::Timestamp;
use latchkey_service::{Clock, Entropy, ports::EntropyUnavailable};

pub use folder_mailer::FolderMailer;
pub use smtp_mailer::SmtpMailer;

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's own adapter")]
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// The operating system's random number generator.
#[derive(Clone, Copy, Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the Entropy port's own adapter")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        getrandom::fill(bytes).map_err(|_| EntropyUnavailable)
    }
}
