//! A session with the SMTP server, step by step, with a time limit for each step.
//!
//! What fails before the recipient is named says something about the session: the server may be overloaded, or refuse our name,
//! our password or our sender, until somebody corrects that. So another attempt may succeed. Only from then on, a refusal for
//! good is about the mail.

use std::{fmt, time::Duration};

use lettre::{
    address::Envelope,
    transport::smtp::{
        self,
        authentication::DEFAULT_MECHANISMS,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::{Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::timeout;

use super::relay::{Encryption, Relay};

/// How long the connection and the server's greeting may take.
const GREETING_TIMEOUT: Duration = Duration::from_secs(8);

/// How long the response to a command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the response to the whole mail may take. Servers check it for spam before they respond.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(40);

/// How long saying goodbye may take.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// A step of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greeting,
    StartTls,
    SigningIn,
    Sender,
    Recipient,
    Message,
}

/// Why a mail was not sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    /// `None` if all steps together took too long.
    step: Option<Step>,
    why: Why,
    /// The code of the server's response.
    code: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Refused,
    TimedOut,
    Tls,
    Unreachable,
}

impl Failed {
    pub(super) const TIMED_OUT: Self = Self { step: None, why: Why::TimedOut, code: None };

    fn at(step: Step, error: &smtp::Error) -> Self {
        let code = error.status().map(u16::from);
        let why = if error.is_tls() {
            Why::Tls
        } else if error.is_timeout() {
            Why::TimedOut
        } else if code.is_some() || error.is_client() {
            Why::Refused
        } else {
            Why::Unreachable
        };
        Self { step: Some(step), why, code }
    }

    /// Whether the server refuses this mail for good. Codes 503 and 530 to 538 say that the session is to blame even then.
    pub(super) fn is_about_the_mail(self) -> bool {
        matches!(self.step, Some(Step::Recipient | Step::Message))
            && self.code.is_some_and(|code| (500..600).contains(&code) && code != 503 && !(530..540).contains(&code))
    }
}

/// In our own words: a server's reply often contains the recipient's address, and this text is written to the log and the
/// database.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.why, self.step) {
            (Why::Tls, _) => "the TLS connection to the SMTP server failed",
            (Why::TimedOut, _) => "the SMTP server did not respond in time",
            (Why::Unreachable, _) => "the SMTP server cannot be reached",
            (Why::Refused, Some(Step::Greeting)) => "the SMTP server rejected the connection or its name for us",
            (Why::Refused, Some(Step::StartTls)) => "the SMTP server rejected STARTTLS",
            (Why::Refused, Some(Step::SigningIn)) => "the SMTP server rejected the user or the password",
            (Why::Refused, Some(Step::Sender)) => "the SMTP server rejected the sender",
            (Why::Refused, Some(Step::Recipient)) => "the SMTP server rejected the recipient",
            (Why::Refused, Some(Step::Message) | None) => "the SMTP server rejected the mail",
        })?;
        self.code.map_or(Ok(()), |code| write!(f, " ({code})"))
    }
}

/// A session that is ready for a mail.
pub(super) struct Session(AsyncSmtpConnection);

impl Session {
    /// Connects, encrypts and signs in, as the relay needs it.
    pub(super) async fn open(relay: &Relay) -> Result<Self, Failed> {
        let Relay { host, port, encryption, tls, credentials, hello } = relay;
        let from_the_start = (*encryption == Encryption::Tls).then(|| tls.clone());
        let connecting = AsyncSmtpConnection::connect_tokio1(
            (host.as_str(), *port),
            Some(GREETING_TIMEOUT),
            hello,
            from_the_start,
            None,
        );
        let mut connection = step(Step::Greeting, GREETING_TIMEOUT, connecting).await?;
        let starts_tls = match encryption {
            Encryption::StartTls => true,
            Encryption::IfOffered => connection.can_starttls(),
            Encryption::None | Encryption::Tls => false,
        };
        if starts_tls {
            step(Step::StartTls, COMMAND_TIMEOUT, connection.starttls(tls.clone(), hello)).await?;
        }
        if let Some(credentials) = credentials {
            step(Step::SigningIn, COMMAND_TIMEOUT, connection.auth(DEFAULT_MECHANISMS, credentials)).await?;
        }
        Ok(Self(connection))
    }

    /// Sends one mail. After an error, the session must not be used again.
    pub(super) async fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Result<(), Failed> {
        let connection = &mut self.0;
        let mut options = Vec::new();
        if !message.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let sender = Mail::new(envelope.from().cloned(), options);
        step(Step::Sender, COMMAND_TIMEOUT, connection.command(sender)).await?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            step(Step::Recipient, COMMAND_TIMEOUT, connection.command(recipient)).await?;
        }
        step(Step::Message, COMMAND_TIMEOUT, connection.command(Data)).await?;
        step(Step::Message, MESSAGE_TIMEOUT, connection.message(message)).await?;
        Ok(())
    }

    /// Whether the server still responds.
    pub(super) async fn is_alive(&mut self) -> bool {
        timeout(QUIT_TIMEOUT, self.0.test_connected()).await.unwrap_or(false)
    }

    pub(super) async fn close(mut self) {
        // The server sees the end of the connection in any case.
        let _ = timeout(QUIT_TIMEOUT, self.0.quit()).await;
    }
}

async fn step<T>(step: Step, limit: Duration, work: impl Future<Output = Result<T, smtp::Error>>) -> Result<T, Failed> {
    match timeout(limit, work).await {
        Ok(result) => result.map_err(|error| Failed::at(step, &error)),
        Err(_) => Err(Failed { step: Some(step), ..Failed::TIMED_OUT }),
    }
}
