//! Mail over SMTP.

mod rehearsal;
mod relay;
mod session;

use std::{fmt, sync::Mutex, time::Duration};

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};
use lettre::{Message, message::Mailbox};
use tokio::time::{Instant, timeout};

use crate::adapters::{message, smtp_mailer::rehearsal::Rehearsal};

pub use relay::Relay;
use session::{Failed, Session};

/// How long connecting and signing in may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long sending a mail may take in all. It is shorter than the outbox's lease, so that an unresponsive server does not make
/// another worker send the mail again.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);

/// How long an idle session is kept. Firewalls drop connections that are idle for longer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The most idle sessions that are kept.
const MAX_IDLE: usize = 2;

pub struct SmtpMailer {
    relay: Relay,
    from: Mailbox,
    idle: Mutex<Vec<(Session, Instant)>>,
    rehearsal: Rehearsal,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    pub fn new(relay: Relay, from: Mailbox) -> Self {
        Self { relay, from, idle: Mutex::default(), rehearsal: Rehearsal::default() }
    }

    /// Connects and signs in without sending anything.
    pub async fn check(&self) -> Result<(), MailError> {
        let session = timeout(CONNECT_TIMEOUT, Session::open(&self.relay)).await.unwrap_or(Err(Failed::TIMED_OUT));
        let session = session.map_err(|failed| MailError::Temporary(failed.to_string()))?;
        session.close().await;
        Ok(())
    }

    async fn deliver(&self, message: &Message) -> Result<(), MailError> {
        let sent = timeout(SEND_TIMEOUT, async {
            let mut session = if let Some(session) = self.take_idle().await {
                session
            } else {
                let opened = timeout(CONNECT_TIMEOUT, Session::open(&self.relay)).await;
                opened.unwrap_or(Err(Failed::TIMED_OUT))?
            };
            session.send(message.envelope(), &message.formatted()).await?;
            self.keep(session);
            Ok(())
        });
        match sent.await.unwrap_or(Err(Failed::TIMED_OUT)) {
            Ok(()) => Ok(()),
            Err(failed) if failed.is_about_the_mail() => Err(MailError::Permanent(failed.to_string())),
            Err(failed) => Err(MailError::Temporary(failed.to_string())),
        }
    }

    /// An open session that still works, if there is one.
    async fn take_idle(&self) -> Option<Session> {
        loop {
            let (mut session, since) = self.idle.lock().ok()?.pop()?;
            if since.elapsed() < IDLE_TIMEOUT && session.is_alive().await {
                return Some(session);
            }
        }
    }

    fn keep(&self, session: Session) {
        // With a poisoned lock, sessions are not reused.
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < MAX_IDLE
        {
            idle.push((session, Instant::now()));
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message::build(mail, &self.from)?;
        self.rehearsal.watch(Box::pin(self.deliver(&message))).await
    }

    async fn rehearse(&self, mail: &Mail) -> Result<(), MailError> {
        message::build(mail, &self.from)?.formatted();
        self.rehearsal.repeat().await
    }
}
