//! Mail over SMTP.

use std::time::Duration;

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, message::Mailbox};

use super::message;

/// How long one exchange with the server may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends over SMTP.
#[derive(Debug)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// A mailer for a checked URL; `None` if it is none.
    pub fn new(url: &str, from: Mailbox) -> Option<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).ok()?.timeout(Some(TIMEOUT)).build();
        Some(Self { transport, from })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message::build(mail, &self.from)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Permanent(error.to_string())),
            Err(error) => Err(MailError::Temporary(error.to_string())),
        }
    }
}
