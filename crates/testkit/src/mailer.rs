//! A mailer that stores the mails and can be made to fail.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};

#[derive(Debug, Default)]
pub struct SentMail {
    sent: Mutex<Vec<Mail>>,
    failure: Mutex<Option<MailError>>,
    rehearsed: AtomicUsize,
}

impl SentMail {
    /// Returns the mails sent since the last call.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.sent.lock().expect("no test panicked in here"))
    }

    /// The number of decoys that reached the mailer.
    pub fn rehearsed(&self) -> usize {
        self.rehearsed.load(Ordering::SeqCst)
    }

    /// Makes sending fail with this error, or succeed with `None`.
    pub fn fail_with(&self, failure: Option<MailError>) {
        *self.failure.lock().expect("no test panicked in here") = failure;
    }
}

#[async_trait]
impl Mailer for SentMail {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if let Some(failure) = self.failure.lock().expect("no test panicked in here").clone() {
            return Err(failure);
        }
        self.sent.lock().expect("no test panicked in here").push(mail.clone());
        Ok(())
    }

    async fn rehearse(&self, _mail: &Mail) -> Result<(), MailError> {
        self.rehearsed.fetch_add(1, Ordering::SeqCst);
        self.failure.lock().expect("no test panicked in here").clone().map_or(Ok(()), Err)
    }
}
