//! The outbox: queued mails, which any number of workers send, with retries.

use std::time::Duration;

use latchkey_licensing::{
    brand::Support,
    email::EmailAddress,
    ids::{AccountId, MailId, SignInRequestId},
    time::Timestamp,
};
use latchkey_store::{LeasedMail, NewMail, Tx};

use crate::{
    error::Internal,
    identity::sign_in::email::SENT_LIFETIME,
    mail::{kind::MailKind, letter::MailContent},
    ports::{Mail, MailError, Mailer},
    service::{Service, backoff::backoff},
};

/// How long a worker may take to send a mail before another worker may take over.
const LEASE: Duration = Duration::from_mins(2);

/// The word in the database for a mail that is never sent.
const DECOY: &str = "decoy";

/// The longest pause between two attempts to send a mail for signing in, for which somebody is waiting (ML-07).
const SIGN_IN_RETRY: Duration = Duration::from_mins(1);

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

impl<'a> OutgoingMail<'a> {
    fn row<'r>(&self, id: MailId, kind: &'r str, payload: &'r [u8]) -> NewMail<'r>
    where
        'a: 'r,
    {
        NewMail {
            id,
            kind,
            recipient: self.recipient,
            account: self.account,
            payload,
            now: self.now,
            expires_at: self.expires_at,
            dedupe_key: self.dedupe_key,
        }
    }
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
    /// It was a decoy's turn, which is not sent.
    Decoy,
}

/// A mail for signing in.
pub(crate) struct OutgoingSignIn<'a> {
    /// The request, whose id the mail gets.
    pub(crate) request: SignInRequestId,
    pub(crate) mail: OutgoingMail<'a>,
    /// Whether nobody may sign in with the address. Then the mail is queued like any other, and dropped when it would be
    /// handed over, so that the request costs the same (ML-10).
    pub(crate) is_decoy: bool,
}

impl Service {
    /// Queues a mail. Returns `false` if there is a mail with the same deduplication key.
    pub(crate) async fn queue_mail(&self, tx: &mut Tx, mail: &OutgoingMail<'_>) -> Result<bool, Internal> {
        Ok(self.queue_mails(tx, std::slice::from_ref(mail)).await? == 1)
    }

    /// Queues mails. Returns their number, without those for which there is a mail with the same deduplication key.
    pub(crate) async fn queue_mails(&self, tx: &mut Tx, mails: &[OutgoingMail<'_>]) -> Result<u64, Internal> {
        let sealed: Vec<(MailId, Vec<u8>)> = mails
            .iter()
            .map(|mail| {
                let id = MailId::new(mail.now, self.random()?);
                Ok((id, self.seal(id, mail)?))
            })
            .collect::<Result<_, Internal>>()?;
        let rows: Vec<NewMail<'_>> =
            mails.iter().zip(&sealed).map(|(mail, (id, payload))| mail.row(*id, &mail.content.kind, payload)).collect();
        Ok(tx.insert_mails(&rows).await?)
    }

    /// Queues a mail for signing in, or a decoy.
    pub(crate) async fn queue_sign_in(&self, tx: &mut Tx, sign_in: &OutgoingSignIn<'_>) -> Result<(), Internal> {
        let id = MailId::from(sign_in.request.uuid());
        let payload = self.seal(id, &sign_in.mail)?;
        let kind = if sign_in.is_decoy { DECOY } else { sign_in.mail.content.kind.as_str() };
        tx.insert_mails(&[sign_in.mail.row(id, kind, &payload)]).await?;
        Ok(())
    }

    fn seal(&self, id: MailId, mail: &OutgoingMail<'_>) -> Result<Vec<u8>, Internal> {
        let clear = serde_json::to_vec(mail.content).map_err(|_| Internal::Invariant("a mail does not serialize"))?;
        let clear = zeroize::Zeroizing::new(clear);
        let payload = self.0.vault.seal_mail(id, &clear, self.random()?);
        payload.ok_or(Internal::Invariant("a mail does not encrypt"))
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
        let is_decoy = claimed.kind == DECOY;
        let is_for_sign_in = is_decoy || claimed.kind == MailKind::SignIn.as_str();
        let handed_over = if is_decoy { mailer.rehearse(&mail).await } else { mailer.send(&mail).await };
        match handed_over {
            Ok(()) => {
                let mut tx = self.store().write().await?;
                if is_for_sign_in {
                    let end = self.now().plus(SENT_LIFETIME);
                    tx.set_sign_in_request_end(SignInRequestId::from(claimed.id.uuid()), end).await?;
                }
                if !tx.set_mail_sent(claimed.id, self.now()).await? {
                    tracing::warn!(mail = %claimed.id, "sent an e-mail that another worker had given up on");
                }
                tx.commit().await?;
                Ok(if is_decoy { Delivery::Decoy } else { Delivery::Sent })
            }
            Err(MailError::Permanent(why)) => self.give_up(&claimed, why).await,
            Err(MailError::Temporary(why)) => {
                let longest = if is_for_sign_in { SIGN_IN_RETRY } else { Duration::MAX };
                let retry_at = self.now().plus(backoff(claimed.attempts).min(longest));
                if retry_at >= claimed.expires_at {
                    return self.give_up(&claimed, why).await;
                }
                let mut tx = self.store().write().await?;
                let is_waiting = tx.set_mail_retry(claimed.id, retry_at, &why).await?;
                tx.commit().await?;
                // A worker that took over after the lease expired may have sent it.
                Ok(match (is_decoy, is_waiting) {
                    (true, _) => Delivery::Decoy,
                    (false, true) => Delivery::Retry(why),
                    (false, false) => Delivery::Sent,
                })
            }
        }
    }

    async fn give_up(&self, claimed: &LeasedMail, why: String) -> Result<Delivery, Internal> {
        let mut tx = self.store().write().await?;
        let is_given_up = tx.set_mail_failed(claimed.id, self.now(), &why).await?;
        tx.commit().await?;
        // A worker that took over after the lease expired may have sent it.
        Ok(match (claimed.kind == DECOY, is_given_up) {
            (true, _) => Delivery::Decoy,
            (false, true) => Delivery::GivenUp(why),
            (false, false) => Delivery::Sent,
        })
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
