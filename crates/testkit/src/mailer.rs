//! A mailer that keeps what it is given, and fails when told to.

use std::sync::Mutex;

use async_trait::async_trait;
use latchkey_service::{Mail, MailError, Mailer};

/// Mail that a test looks into.
#[derive(Debug, Default)]
pub struct KeptMail {
    kept: Mutex<Vec<Mail>>,
    failure: Mutex<Option<MailError>>,
}

impl KeptMail {
    /// Takes out everything that was sent since the last time.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.kept.lock().expect("no test panicked in here"))
    }

    /// Makes every sending fail, or none.
    pub fn fail_with(&self, failure: Option<MailError>) {
        *self.failure.lock().expect("no test panicked in here") = failure;
    }
}

#[async_trait]
impl Mailer for KeptMail {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if let Some(failure) = self.failure.lock().expect("no test panicked in here").clone() {
            return Err(failure);
        }
        self.kept.lock().expect("no test panicked in here").push(mail.clone());
        Ok(())
    }
}
