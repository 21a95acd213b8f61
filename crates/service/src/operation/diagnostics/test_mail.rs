//! A mail that shows whether mails arrive.

use latchkey_licensing::email::EmailAddress;

use crate::{
    audit::{
        actor::Actor,
        event::{AccountEvent, AuditEvent},
    },
    error::Internal,
    identity::actors::Admin,
    mail::messages::account::TestMail,
};

impl Admin<'_> {
    /// The address that a test mail goes to: the admin's own. `None` for a command on the host, which has none.
    pub async fn own_address(&self) -> Result<Option<EmailAddress>, Internal> {
        let Actor::Account { id, .. } = self.actor else {
            return Ok(None);
        };
        let account = self.service.store().read_without_snapshot().await?.find_account(id).await?;
        Ok(account.map(|account| account.email))
    }

    /// Mails the admin a test mail, by the same way as all mails. Returns the recipient, or `None` if there is none.
    pub async fn send_test_mail(&self) -> Result<Option<EmailAddress>, Internal> {
        let Actor::Account { id, .. } = self.actor else {
            return Ok(None);
        };
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let Some(account) = tx.find_account(id).await? else {
            return Ok(None);
        };
        let recipient = self.service.mail_customer(&mut tx, &account, &TestMail { at: now }, None).await?;
        let event = AuditEvent::Account(id, AccountEvent::TestMailSent);
        self.service.record(&mut tx, now, self.cause(), event).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(recipient)
    }
}
