//! The outbox: queued mails, which any number of workers send, with retries.

use std::time::Duration;

use latchkey_licensing::{
    brand::Support,
    email::EmailAddress,
    ids::{AccountId, MailId},
    time::Timestamp,
};
use latchkey_store::{LeasedMail, NewMail, Tx};

use crate::{
    error::Internal,
    mail::letter::MailContent,
    ports::{Mail, MailError, Mailer},
    service::{Service, backoff::backoff},
};

/// How long a worker may take to send a mail before another worker may take over.
const LEASE: Duration = Duration::from_mins(2);

/// A mail to queue.
pub(crate) struct OutgoingMail<'a> {
    pub(crate) recipient: &'a EmailAddress,
    /// The account that it is for. `None` is the one that has the address, if there is any.
    pub(crate) account: Option<AccountId>,
    pub(crate) content: &'a MailContent,
    pub(crate) now: Timestamp,
    /// When the mail is no longer useful.
    pub(crate) expires_at: Timestamp,
    /// A text that only one mail can have.
    pub(crate) dedupe_key: Option<&'a str>,
}

/// The result of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// No mail is due.
    Idle,
    /// A mail was sent.
    Sent,
    /// An attempt failed and there will be another. The text says why.
    Retry(String),
    /// A mail was given up. The text says why.
    GivenUp(String),
}

impl Service {
    /// Queues a mail. Returns `false` if there is a mail with the same deduplication key.
    pub(crate) async fn queue_mail(&self, tx: &mut Tx, mail: &OutgoingMail<'_>) -> Result<bool, Internal> {
        Ok(self.queue_mails(tx, std::slice::from_ref(mail)).await? == 1)
    }

    /// Queues mails. Returns their number, without those for which there is a mail with the same deduplication key.
    pub(crate) async fn queue_mails(&self, tx: &mut Tx, mails: &[OutgoingMail<'_>]) -> Result<u64, Internal> {
        let sealed: Vec<(MailId, Vec<u8>)> = mails.iter().map(|mail| self.seal(mail)).collect::<Result<_, _>>()?;
        let rows: Vec<NewMail<'_>> = mails
            .iter()
            .zip(&sealed)
            .map(|(mail, (id, payload))| NewMail {
                id: *id,
                kind: &mail.content.kind,
                recipient: mail.recipient,
                account: mail.account,
                payload,
                now: mail.now,
                expires_at: mail.expires_at,
                dedupe_key: mail.dedupe_key,
            })
            .collect();
        Ok(tx.insert_mails(&rows).await?)
    }

    fn seal(&self, mail: &OutgoingMail<'_>) -> Result<(MailId, Vec<u8>), Internal> {
        let id = MailId::new(mail.now, self.random()?);
        let clear = serde_json::to_vec(mail.content).map_err(|_| Internal::Invariant("a mail does not serialize"))?;
        let clear = zeroize::Zeroizing::new(clear);
        let payload = self.0.vault.seal_mail(id, &clear, self.random()?);
        Ok((id, payload.ok_or(Internal::Invariant("a mail does not encrypt"))?))
    }

    /// Waits until this process queues a mail, for `at_most`.
    pub async fn wait_for_mail(&self, at_most: Duration) {
        // In either case, the caller checks whether a mail is due.
        let _ = tokio::time::timeout(at_most, self.0.mail_queued.notified()).await;
    }

    /// How long until the next mail is due. `None` if the outbox is empty.
    pub async fn mail_due_in(&self) -> Result<Option<Duration>, Internal> {
        let due_at = self.store().read_without_snapshot().await?.next_mail_due_at().await?;
        Ok(due_at.map(|due_at| due_at.since(self.now())))
    }

    /// Sends the mail that has been due the longest, if any is due.
    pub async fn deliver_one(&self, mailer: &dyn Mailer) -> Result<Delivery, Internal> {
        let now = self.now();
        // This check takes no write lock, so nothing is written while no mail is due.
        if self.mail_due_in().await?.is_none_or(|due_in| !due_in.is_zero()) {
            return Ok(Delivery::Idle);
        }
        let mut tx = self.store().write().await?;
        let claimed = tx.lease_mail(now, now.plus(LEASE)).await?;
        tx.commit().await?;
        let Some(claimed) = claimed else {
            return Ok(Delivery::Idle);
        };
        if claimed.expires_at <= now {
            return self.give_up(&claimed, "it expired before it could be sent".to_owned()).await;
        }
        let mail = match self.unseal(&claimed) {
            Ok(mail) => mail,
            Err(error) => return self.give_up(&claimed, error.to_string()).await,
        };
        match mailer.send(&mail).await {
            Ok(()) => {
                let mut tx = self.store().write().await?;
                if !tx.set_mail_sent(claimed.id, self.now()).await? {
                    tracing::warn!(mail = %claimed.id, "sent an e-mail that another worker had given up on");
                }
                tx.commit().await?;
                Ok(Delivery::Sent)
            }
            Err(MailError::Permanent(why)) => self.give_up(&claimed, why).await,
            Err(MailError::Temporary(why)) => {
                let retry_at = self.now().plus(backoff(claimed.attempts));
                if retry_at >= claimed.expires_at {
                    return self.give_up(&claimed, why).await;
                }
                let mut tx = self.store().write().await?;
                let is_waiting = tx.set_mail_retry(claimed.id, retry_at, &why).await?;
                tx.commit().await?;
                // A worker that took over after the lease expired may have sent it.
                Ok(if is_waiting { Delivery::Retry(why) } else { Delivery::Sent })
            }
        }
    }

    async fn give_up(&self, claimed: &LeasedMail, why: String) -> Result<Delivery, Internal> {
        let mut tx = self.store().write().await?;
        let is_given_up = tx.set_mail_failed(claimed.id, self.now(), &why).await?;
        tx.commit().await?;
        // A worker that took over after the lease expired may have sent it.
        Ok(if is_given_up { Delivery::GivenUp(why) } else { Delivery::Sent })
    }

    fn unseal(&self, claimed: &LeasedMail) -> Result<Mail, Internal> {
        let clear = self.0.vault.open_mail(claimed.id, &claimed.payload)?;
        let content: MailContent =
            serde_json::from_slice(&clear).map_err(|_| Internal::Invariant("a queued mail does not parse"))?;
        Ok(Mail {
            message_id: claimed.id.to_string(),
            to: claimed.recipient.clone(),
            date: claimed.created_at,
            subject: content.subject.clone(),
            text: content.text.clone(),
            html: content.html.clone(),
            reply_to: match &self.brand().support {
                Some(Support::Email(address)) => EmailAddress::parse(address).ok(),
                Some(Support::Page(_)) | None => None,
            },
        })
    }
}
