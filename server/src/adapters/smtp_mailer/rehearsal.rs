//! How a decoy is treated like a mail: it takes as long as the last mail did, and fails if that failed (ML-10).

use std::{sync::Mutex, time::Duration};

use latchkey_service::MailError;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Rehearsal(Mutex<Last>);

/// What happened to the last mail.
#[derive(Clone, Debug, Default)]
struct Last {
    took: Duration,
    /// Why it has to be tried again. That a server refused one mail says nothing about others.
    failure: Option<String>,
}

impl Rehearsal {
    /// Sends a mail, and remembers how that went.
    pub(super) async fn watch(&self, sending: impl Future<Output = Result<(), MailError>>) -> Result<(), MailError> {
        let began = Instant::now();
        let result = sending.await;
        let failure = match &result {
            Err(MailError::Temporary(why)) => Some(why.clone()),
            Ok(()) | Err(MailError::Permanent(_)) => None,
        };
        // With a poisoned lock, decoys take no time, and mails are sent all the same.
        if let Ok(mut last) = self.0.lock() {
            *last = Last { took: began.elapsed(), failure };
        }
        result
    }

    /// Does what the last mail did, without a mail.
    pub(super) async fn repeat(&self) -> Result<(), MailError> {
        let last = self.0.lock().map(|last| last.clone()).unwrap_or_default();
        tokio::time::sleep(last.took).await;
        last.failure.map_or(Ok(()), |why| Err(MailError::Temporary(why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ml_10_decoys_repeat_the_last_mail() {
        let rehearsal = Rehearsal::default();
        assert!(rehearsal.repeat().await.is_ok());
        let slow = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Err(MailError::Temporary("451 later".to_owned()))
        };
        assert!(rehearsal.watch(slow).await.is_err());
        let began = Instant::now();
        assert!(matches!(rehearsal.repeat().await, Err(MailError::Temporary(why)) if why == "451 later"));
        assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
        assert!(rehearsal.watch(async { Err(MailError::Permanent("550 no".to_owned())) }).await.is_err());
        assert!(rehearsal.repeat().await.is_ok(), "another mail may be accepted");
    }
}
