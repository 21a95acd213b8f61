//! Mail over SMTP.

use std::time::Duration;

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor, message::Mailbox, transport::smtp, transport::smtp::PoolConfig,
};

use crate::adapters::message;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long sending a mail may take in all. It is shorter than the outbox's lease, so that an unresponsive
/// server neither blocks the queue nor makes another worker send the mail again.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);

/// How long an idle connection is kept. Firewalls drop connections that are idle for longer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// A mailer for a checked URL. `None` if the URL is invalid.
    pub fn new(url: &str, from: Mailbox) -> Option<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .ok()?
            .timeout(Some(CONNECT_TIMEOUT))
            .pool_config(PoolConfig::new().max_size(1).idle_timeout(IDLE_TIMEOUT))
            .build();
        Some(Self { transport, from })
    }

    /// Connects and signs in without sending anything.
    pub async fn check(&self) -> Result<(), MailError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(MailError::Temporary("the SMTP server does not answer".to_owned())),
            Ok(Err(error)) => Err(MailError::Temporary(kind(&error))),
            Err(_) => Err(MailError::Temporary("the SMTP server did not respond in time".to_owned())),
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message::build(mail, &self.from)?;
        match tokio::time::timeout(SEND_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Permanent(kind(&error))),
            Ok(Err(error)) => Err(MailError::Temporary(kind(&error))),
            Err(_) => Err(MailError::Temporary("the SMTP server did not respond in time".to_owned())),
        }
    }
}

/// Describes an error in our own words: a server's reply often contains the recipient's address, and this
/// text is written to the log and the database.
fn kind(error: &smtp::Error) -> String {
    let what = if error.is_tls() {
        "the TLS connection to the SMTP server failed"
    } else if error.is_timeout() {
        "the SMTP server did not respond in time"
    } else if error.status().is_some() {
        "the SMTP server rejected the mail"
    } else {
        "the SMTP server cannot be reached"
    };
    error.status().map_or_else(|| what.to_owned(), |code| format!("{what} ({code})"))
}
