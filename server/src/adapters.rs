//! Implementations of the service's ports: the system's clock and randomness, SMTP, a mail folder, and Stripe.

mod clock;
mod folder_mailer;
mod message;
mod smtp_mailer;
pub(crate) mod stripe;

use latchkey_service::{Entropy, ports::EntropyUnavailable};

pub use clock::SystemClock;
pub use folder_mailer::FolderMailer;
pub use smtp_mailer::{Relay, SmtpMailer};
pub use stripe::StripePayments;

#[derive(Clone, Copy, Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this implements the Entropy port")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        getrandom::fill(bytes).map_err(|_| EntropyUnavailable)
    }
}
