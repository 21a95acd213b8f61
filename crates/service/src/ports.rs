//! The ports to everything outside the process that tests replace: the clock, randomness, mail and payments.

pub mod payments;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use latchkey_licensing::{email::EmailAddress, time::Timestamp};

use payments::Payments;

/// The implementations of the ports that the service itself calls.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The payment provider. `None` if nothing is sold.
    pub payments: Option<Arc<dyn Payments>>,
}

/// The source of the current time.
pub trait Clock: Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system provided no random bytes")]
pub struct EntropyUnavailable;

/// The source of random bytes. In production it is a cryptographically secure generator.
pub trait Entropy: Debug + Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable>;
}

/// An e-mail that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same for every attempt, so that receivers can detect duplicates.
    pub message_id: String,
    /// The recipient.
    pub to: EmailAddress,
    /// When it was queued, for its `Date` header.
    pub date: Timestamp,
    /// The subject line.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body, with the same text.
    pub html: String,
    /// Where answers go. `None` if they go to the sender.
    pub reply_to: Option<EmailAddress>,
}

/// Mails contain sign-in secrets, so `Debug`, which logs use, shows only the id.
impl Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Why a mail was not sent.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MailError {
    /// Another attempt may succeed.
    #[error("{0}")]
    Temporary(String),
    /// The receiving server rejects the mail permanently.
    #[error("{0}")]
    Permanent(String),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    /// Sends one mail.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;

    /// Does everything that sending one mail does, except hand it over. It takes as long, and fails temporarily if sending
    /// does, so that a decoy cannot be distinguished from a mail (ML-10). Nothing leaves the process.
    async fn rehearse(&self, mail: &Mail) -> Result<(), MailError>;
}
