//! Mails to customers about changes, queued in the transaction of the change.

use std::time::Duration;

use latchkey_licensing::{account::Account, email::EmailAddress};
use latchkey_store::Tx;

use crate::{
    error::Internal,
    mail::{letter::Letterhead, messages::CustomerMail, outbox::OutgoingMail},
    service::Service,
};

/// Who is notified of a change by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// The customer whom it concerns.
    Customer,
    /// Nobody.
    Nobody,
}

/// How long attempts to send a mail to a customer continue.
pub(crate) const CUSTOMER_MAIL_LIFETIME: Duration = Duration::from_hours(3 * 24);

impl Service {
    pub(crate) fn letterhead(&self) -> Letterhead<'_> {
        self.0.options.letterhead()
    }

    /// Queues a mail to a customer. Returns its recipient, or `None` if no mail is queued: the account is banned or
    /// deleted, or a
    /// mail with the same deduplication key has been queued before.
    ///
    /// A mail whose cause can be reported more than once needs a key that names the cause, such as
    /// `purchase:ORDER`. A mail about a change that is itself made only once needs none. After the commit, the caller
    /// calls [`wake_mail_worker`](Self::wake_mail_worker).
    pub(crate) async fn mail_customer(
        &self,
        tx: &mut Tx,
        to: &Account,
        mail: &impl CustomerMail,
        dedupe_key: Option<&str>,
    ) -> Result<Option<EmailAddress>, Internal> {
        if !to.is_in_use() {
            return Ok(None);
        }
        Ok(self.mail_address(tx, &to.email, mail, dedupe_key).await?.then(|| to.email.clone()))
    }

    /// Queues a mail to an address, which may have no account. Returns `false` if a mail with the same deduplication key has
    /// been queued before.
    pub(crate) async fn mail_address(
        &self,
        tx: &mut Tx,
        to: &EmailAddress,
        mail: &impl CustomerMail,
        dedupe_key: Option<&str>,
    ) -> Result<bool, Internal> {
        let letterhead = self.letterhead();
        let content = mail.letter(&letterhead).render(&letterhead)?;
        let now = self.now();
        let expires_at = now.plus(CUSTOMER_MAIL_LIFETIME);
        let outgoing = OutgoingMail { recipient: to, account: None, content: &content, now, expires_at, dedupe_key };
        self.queue_mail(tx, &outgoing).await
    }

    /// Makes the worker of this process look for mails that were committed.
    pub(crate) fn wake_mail_worker(&self) {
        self.0.mail_queued.notify_one();
    }
}
