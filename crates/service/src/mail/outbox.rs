//! Sending queued mail: one step at a time, with retries, shared by any number of workers.

use std::time::Duration;

use latchkey_licensing::{email::EmailAddress, ids::MailId, time::Timestamp};
use latchkey_store::{ClaimedMail, NewMail, Tx};

use crate::{
    error::Internal,
    mail::messages::Content,
    ports::{Mail, MailError, Mailer},
    service::Service,
};

/// How long a worker may take for one mail before another may try it.
const LEASE: Duration = Duration::from_mins(2);

/// After how many tries a mail is given up.
const MAX_ATTEMPTS: u32 = 8;

/// How one step of the outbox ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Nothing is due now.
    Idle,
    /// One mail was sent.
    Sent,
    /// One mail will be tried again.
    Retry(String),
    /// One mail was given up.
    GivenUp(String),
}

impl Service {
    pub(crate) async fn queue_mail(
        &self,
        tx: &mut Tx,
        id: MailId,
        recipient: &EmailAddress,
        content: &Content,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), Internal> {
        let clear = serde_json::to_vec(content).map_err(|_| Internal::Broken("a mail does not serialize"))?;
        let clear = zeroize::Zeroizing::new(clear);
        let payload =
            self.0.vault.seal_mail(id, &clear, self.random()?).ok_or(Internal::Broken("a mail does not encrypt"))?;
        let mail = NewMail { id, kind: &content.kind, recipient, payload: &payload, now, expires_at };
        Ok(tx.insert_mail(&mail).await?)
    }

    /// Waits until a mail is queued by this process, or `at_most`.
    pub async fn mail_queued(&self, at_most: Duration) {
        // Both outcomes mean the same: look whether something is due.
        let _ = tokio::time::timeout(at_most, self.0.mail_queued.notified()).await;
    }

    /// How long until a mail is due; `None` if none waits.
    pub async fn mail_due_in(&self) -> Result<Option<Duration>, Internal> {
        let due_at = self.store().read_one().await?.next_mail_due_at().await?;
        Ok(due_at.map(|due_at| due_at.since(self.now())))
    }

    /// Sends the mail that is due longest, if one is.
    pub async fn deliver_one(&self, mailer: &dyn Mailer) -> Result<Delivery, Internal> {
        let now = self.now();
        // Only looking costs no lock: nothing is written while nothing is due.
        if self.mail_due_in().await?.is_none_or(|due_in| !due_in.is_zero()) {
            return Ok(Delivery::Idle);
        }
        let mut tx = self.store().write().await?;
        let claimed = tx.claim_mail(now, now.plus(LEASE)).await?;
        tx.commit().await?;
        let Some(claimed) = claimed else {
            return Ok(Delivery::Idle);
        };
        if claimed.expires_at <= now {
            return self.give_up(&claimed, "it is of no use any more".to_owned()).await;
        }
        let mail = match self.unseal(&claimed) {
            Ok(mail) => mail,
            Err(error) => return self.give_up(&claimed, error.to_string()).await,
        };
        match mailer.send(&mail).await {
            Ok(()) => {
                let mut tx = self.store().write().await?;
                if !tx.set_mail_sent(claimed.id, self.now()).await? {
                    tracing::warn!(mail = %claimed.id, "a mail was sent that another worker had given up");
                }
                tx.commit().await?;
                Ok(Delivery::Sent)
            }
            Err(MailError::Permanent(why)) => self.give_up(&claimed, why).await,
            Err(MailError::Temporary(why)) if claimed.attempts >= MAX_ATTEMPTS => self.give_up(&claimed, why).await,
            Err(MailError::Temporary(why)) => {
                let mut tx = self.store().write().await?;
                let is_waiting =
                    tx.set_mail_retry(claimed.id, self.now().plus(backoff(claimed.attempts)), &why).await?;
                tx.commit().await?;
                // Another worker, which took over when the lease ended, may have sent it.
                Ok(if is_waiting { Delivery::Retry(why) } else { Delivery::Sent })
            }
        }
    }

    async fn give_up(&self, claimed: &ClaimedMail, why: String) -> Result<Delivery, Internal> {
        let mut tx = self.store().write().await?;
        let is_given_up = tx.set_mail_failed(claimed.id, self.now(), &why).await?;
        tx.commit().await?;
        // Another worker, which took over when the lease ended, may have sent it.
        Ok(if is_given_up { Delivery::GivenUp(why) } else { Delivery::Sent })
    }

    fn unseal(&self, claimed: &ClaimedMail) -> Result<Mail, Internal> {
        let clear = self.0.vault.open_mail(claimed.id, &claimed.payload)?;
        let content: Content =
            serde_json::from_slice(&clear).map_err(|_| Internal::Broken("a queued mail does not parse"))?;
        Ok(Mail {
            message_id: claimed.id.to_string(),
            to: claimed.recipient.clone(),
            date: claimed.created_at,
            subject: content.subject.clone(),
            text: content.text.clone(),
            html: content.html.clone(),
        })
    }
}

/// 5 s, 15 s, 45 s, … at most an hour: a sign-in mail is worth little after its ten minutes.
fn backoff(attempts: u32) -> Duration {
    let factor = 3u32.saturating_pow(attempts.saturating_sub(1));
    Duration::from_secs(5).saturating_mul(factor).min(Duration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 8, 90].iter().map(|n| backoff(*n).as_secs()).collect();
        assert_eq!(seconds, [5, 15, 45, 3600, 3600]);
    }
}
