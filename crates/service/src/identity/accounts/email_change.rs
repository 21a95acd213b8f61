//! Changes of an account's e-mail address, which the old and the new address confirm (ML-21).
//!
//! Anyone who reads mail to the address can sign in, so a stolen session alone must not be able to change it. Nobody learns
//! from a change whether the new address has an account: if it has one, its owner gets a mail, and everything else
//! is the same.

use std::time::Duration;

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{AccountId, EmailChangeId},
    portal_paths,
    time::Timestamp,
};
use latchkey_store::{EmailChangeRow, EmailChangeSide, StoreError, Tx};

use crate::{
    audit::{
        actor::{Actor, Cause},
        event::AccountEvent,
        network::CoarseNetwork,
    },
    error::{Internal, internal_errors},
    identity::{
        actors::{Admin, Customer, CustomerView, Fresh},
        sign_in::{email::SignInOrigin, secrets::LinkToken},
    },
    mail::{
        messages::{
            CustomerMail,
            email_change::{EmailChangeMail, EmailChangedMail},
        },
        notify::CUSTOMER_MAIL_LIFETIME,
        outbox::OutgoingMail,
        reasons::{EmailChangeRequest, EmailChanged},
    },
    operation::rate_limit::{bucket::address_bucket, exact::EMAIL_CHANGES, gcra::Throttled},
    service::Service,
};

/// How long a change can be confirmed.
const LIFETIME: Duration = Duration::from_hours(1);

/// Why a change was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum EmailChangeError {
    /// The person signed in, or presented the second factor, too long ago.
    #[error("this needs a recent sign-in")]
    NotFresh,
    /// The account has this address.
    #[error("the account has this address")]
    SameAddress,
    /// There were too many.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why a link did not confirm or cancel a change.
#[derive(Debug, thiserror::Error)]
pub enum EmailChangeLinkError {
    /// The link is expired, used, unknown or malformed, or the change was canceled. These are not distinguished.
    #[error("this link is not valid")]
    Refused,
    /// The new address got an account in the meantime. The change was canceled.
    #[error("the new address has an account")]
    Taken,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why an admin did not change an address.
#[derive(Debug, thiserror::Error)]
pub enum SetEmailError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Support agents and admins change their address themselves.
    #[error("support agents and admins change their address themselves")]
    Staff,
    /// The account has this address.
    #[error("the account has this address")]
    SameAddress,
    /// Another account has this address.
    #[error("another account has this address")]
    Taken,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(EmailChangeError, EmailChangeLinkError, SetEmailError);

/// A change that can still be confirmed, as shown to the person who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEmailChange {
    /// The address that the account gets.
    pub new_email: EmailAddress,
    /// Whether the old address has confirmed it.
    pub is_old_confirmed: bool,
    /// Whether the new address has confirmed it.
    pub is_new_confirmed: bool,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChangeState {
    /// At least one address has yet to confirm it.
    Open,
    /// The account has the new address.
    Done,
    /// It was canceled.
    Canceled,
}

/// A change as shown to the holder of one of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChangeProgress {
    /// The address whose link it is.
    pub side: EmailChangeSide,
    /// The address that the account had when the change was requested.
    pub old_email: EmailAddress,
    /// The address that it gets.
    pub new_email: EmailAddress,
    /// Whether this address has confirmed it.
    pub is_confirmed: bool,
    /// What became of it.
    pub state: EmailChangeState,
}

impl EmailChangeProgress {
    fn new(change: EmailChangeRow, side: EmailChangeSide) -> Self {
        let confirmed_at = match side {
            EmailChangeSide::Old => change.old_confirmed_at,
            EmailChangeSide::New => change.new_confirmed_at,
        };
        let state = match (change.done_at, change.canceled_at) {
            (Some(_), _) => EmailChangeState::Done,
            (None, Some(_)) => EmailChangeState::Canceled,
            (None, None) => EmailChangeState::Open,
        };
        Self {
            side,
            old_email: change.old_email,
            new_email: change.new_email,
            is_confirmed: confirmed_at.is_some(),
            state,
        }
    }
}

impl CustomerView<'_> {
    /// The account's change that can still be confirmed.
    pub async fn pending_email_change(&self) -> Result<Option<PendingEmailChange>, Internal> {
        let now = self.service().now();
        let mut reader = self.service().store().read_without_snapshot().await?;
        let open = reader.find_open_email_change(self.account().id, now).await?;
        Ok(open.map(|change| PendingEmailChange {
            is_old_confirmed: change.old_confirmed_at.is_some(),
            is_new_confirmed: change.new_confirmed_at.is_some(),
            new_email: change.new_email,
            expires_at: change.expires_at,
        }))
    }
}

impl Customer<'_> {
    /// Begins to change the account's address: both addresses get a link to confirm it. An earlier change that is still
    /// open is canceled.
    pub async fn request_email_change(
        &self,
        new_email: &EmailAddress,
        origin: SignInOrigin<'_>,
    ) -> Result<(), EmailChangeError> {
        let service = self.service();
        let now = service.now();
        if !self.who().is_fresh(now) {
            return Err(EmailChangeError::NotFresh);
        }
        let id = self.who().account.id;
        let (old_token, new_token) = (LinkToken::new(service.random()?), LinkToken::new(service.random()?));
        let mut tx = service.store().write().await?;
        tx.lock_account(id).await?;
        let account = tx.get_account(id).await?;
        if !account.is_in_use() {
            // It was deleted or disabled since the request arrived, which ended the session.
            return Err(EmailChangeError::NotFresh);
        }
        if account.email == *new_email {
            return Err(EmailChangeError::SameAddress);
        }
        for bucket in [format!("email_change:{id}"), address_bucket("email_change", new_email)] {
            if let Some(throttled) = EMAIL_CHANGES.take(&mut tx, &bucket, now).await? {
                // Commits the token that was taken from the other bucket.
                tx.commit().await?;
                return Err(throttled.into());
            }
        }
        tx.cancel_email_change_of(id, now).await?;
        let change = EmailChangeRow {
            id: EmailChangeId::new(now, service.random()?),
            account: id,
            old_email: account.email.clone(),
            new_email: new_email.clone(),
            old_token_hash: old_token.hash(),
            new_token_hash: new_token.hash(),
            old_confirmed_at: None,
            new_confirmed_at: None,
            created_at: now,
            expires_at: now.plus(LIFETIME),
            done_at: None,
            canceled_at: None,
        };
        tx.insert_email_change(&change).await?;
        let portal = &service.0.options.portal_url;
        let link = |token: &LinkToken| format!("{portal}{}", portal_paths::email_change(token.expose()));
        let mail = |to, link| EmailChangeMail {
            to,
            link,
            new_email: new_email.as_str(),
            agent: origin.agent,
            network: CoarseNetwork::from(origin.ip).to_string(),
            at: now,
            minutes: LIFETIME.as_secs() / 60,
        };
        let to_old = mail(EmailChangeRequest::Current, link(&old_token));
        service.mail_until(&mut tx, (&account.email, account.id), &to_old, change.expires_at).await?;
        // If the address has an account, nobody gets the link that would confirm the change.
        let (request, owner) = match tx.find_account_by_email(new_email).await? {
            Some(owner) => (EmailChangeRequest::Taken, Some(owner)),
            None => (EmailChangeRequest::New, None),
        };
        if owner.is_none_or(|owner| owner.disabled_at.is_none()) {
            let to_new = mail(request, link(&new_token));
            service.mail_until(&mut tx, (new_email, account.id), &to_new, change.expires_at).await?;
        }
        service.record(&mut tx, now, self.cause(), AccountEvent::EmailChangeRequested.of(id)).await?;
        tx.commit().await?;
        service.wake_mail_worker();
        Ok(())
    }

    /// Cancels the account's open change. It is not an error if there is none.
    pub async fn cancel_email_change(&self) -> Result<(), Internal> {
        let now = self.service().now();
        let mut tx = self.service().store().write().await?;
        self.service().cancel_email_change_of(&mut tx, self.who().account.id, self.cause(), now).await?;
        Ok(tx.commit().await?)
    }
}

impl Service {
    /// The change that a mailed link is about. `None` if the link has expired or is unknown. Nothing is changed.
    pub async fn email_change(&self, token: &str) -> Result<Option<EmailChangeProgress>, Internal> {
        let Some(token) = LinkToken::parse(token) else { return Ok(None) };
        let found = self.store().read_without_snapshot().await?.find_email_change(&token.hash()).await?;
        let found = found.filter(|(change, _)| self.now() < change.expires_at);
        Ok(found.map(|(change, side)| EmailChangeProgress::new(change, side)))
    }

    /// Confirms a change with a mailed link, which cannot be used again. Once both addresses have confirmed it, the account
    /// has the new address.
    pub async fn confirm_email_change(&self, token: &str) -> Result<EmailChangeProgress, EmailChangeLinkError> {
        let now = self.now();
        let token = LinkToken::parse(token).ok_or(EmailChangeLinkError::Refused)?;
        let mut tx = self.store().write().await?;
        let found = tx.find_email_change(&token.hash()).await?;
        let (change, side) = found.ok_or(EmailChangeLinkError::Refused)?;
        lock_addresses(&mut tx, &change.old_email, &change.new_email, now).await?;
        tx.lock_account(change.account).await?;
        let account = tx.get_account(change.account).await?;
        let is_current = account.disabled_at.is_none() && account.email == change.old_email;
        if !is_current || !tx.confirm_email_change(change.id, side, now).await? {
            return Err(EmailChangeLinkError::Refused);
        }
        let actor = Actor::from(&account);
        let confirmed = AccountEvent::EmailChangeConfirmed { by: side.into() };
        self.record(&mut tx, now, actor, confirmed.of(account.id)).await?;
        if tx.finish_email_change(change.id, now).await? {
            let new_email = &change.new_email;
            match self.set_email(&mut tx, &account, new_email, EmailChanged::ByOwner, actor, now).await {
                Ok(()) => {}
                Err(Internal::Store(StoreError::Conflict(_))) => {
                    drop(tx);
                    return Err(self.cancel_taken(change.account, actor, now).await?);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let found = tx.find_email_change(&token.hash()).await?;
        let (change, side) = found.ok_or(Internal::Invariant("a change of an address was deleted"))?;
        tx.commit().await?;
        self.wake_mail_worker();
        Ok(EmailChangeProgress::new(change, side))
    }

    /// Cancels a change with the link that was mailed to the old address.
    pub async fn cancel_email_change(&self, token: &str) -> Result<(), EmailChangeLinkError> {
        let now = self.now();
        let token = LinkToken::parse(token).ok_or(EmailChangeLinkError::Refused)?;
        let mut tx = self.store().write().await?;
        let found = tx.find_email_change(&token.hash()).await?;
        let found = found.filter(|(change, side)| *side == EmailChangeSide::Old && now < change.expires_at);
        let (change, _) = found.ok_or(EmailChangeLinkError::Refused)?;
        tx.lock_account(change.account).await?;
        let open = tx.find_open_email_change(change.account, now).await?;
        if open.is_none_or(|open| open.id != change.id) {
            return Err(EmailChangeLinkError::Refused);
        }
        let account = tx.get_account(change.account).await?;
        self.cancel_email_change_of(&mut tx, change.account, Actor::from(&account), now).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn cancel_email_change_of(
        &self,
        tx: &mut Tx,
        account: AccountId,
        by: impl Into<Cause<'_>> + Send,
        now: Timestamp,
    ) -> Result<(), Internal> {
        if tx.cancel_email_change_of(account, now).await? {
            self.record(tx, now, by, AccountEvent::EmailChangeCanceled.of(account)).await?;
        }
        Ok(())
    }

    /// Cancels a change whose new address got an account in the meantime.
    async fn cancel_taken(
        &self,
        account: AccountId,
        by: Actor,
        now: Timestamp,
    ) -> Result<EmailChangeLinkError, Internal> {
        let mut tx = self.store().write().await?;
        self.cancel_email_change_of(&mut tx, account, by, now).await?;
        tx.commit().await?;
        Ok(EmailChangeLinkError::Taken)
    }

    /// Gives an account another address, and tells both addresses. Requests to sign in with either can no longer be
    /// confirmed. A conflict if another account has the address.
    async fn set_email(
        &self,
        tx: &mut Tx,
        account: &Account,
        new_email: &EmailAddress,
        why: EmailChanged,
        by: impl Into<Cause<'_>> + Send,
        now: Timestamp,
    ) -> Result<(), Internal> {
        tx.set_account_email(account.id, new_email, now).await?;
        for email in [&account.email, new_email] {
            tx.supersede_sign_in_requests_of(email.as_str(), now).await?;
        }
        self.record(tx, now, by, AccountEvent::EmailChanged.of(account.id)).await?;
        if account.disabled_at.is_none() {
            let mail =
                EmailChangedMail { why, old_email: account.email.as_str(), new_email: new_email.as_str(), at: now };
            for email in [&account.email, new_email] {
                self.mail_until(tx, (email, account.id), &mail, now.plus(CUSTOMER_MAIL_LIFETIME)).await?;
            }
        }
        Ok(())
    }

    /// Queues a mail that is no longer useful at `expires_at`.
    async fn mail_until(
        &self,
        tx: &mut Tx,
        (to, account): (&EmailAddress, AccountId),
        mail: &impl CustomerMail,
        expires_at: Timestamp,
    ) -> Result<(), Internal> {
        let letterhead = self.letterhead();
        let content = mail.letter(&letterhead).render(&letterhead)?;
        let outgoing = OutgoingMail {
            recipient: to,
            account: Some(account),
            content: &content,
            now: self.now(),
            expires_at,
            dedupe_key: None,
        };
        self.queue_mail(tx, &outgoing).await.map(drop)
    }
}

impl Admin<'_> {
    /// Gives a customer another address, without asking either of the two. Both get a mail about it.
    pub async fn set_email(
        &self,
        id: AccountId,
        new_email: &EmailAddress,
        _fresh: &Fresh,
    ) -> Result<Account, SetEmailError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account(id).await?.ok_or(SetEmailError::NotFound)?;
        lock_addresses(&mut tx, &account.email, new_email, now).await?;
        tx.lock_account(id).await?;
        let account = tx.get_account(id).await?;
        if account.role != Role::Customer {
            return Err(SetEmailError::Staff);
        }
        if account.email == *new_email {
            return Err(SetEmailError::SameAddress);
        }
        self.service.cancel_email_change_of(&mut tx, id, self.cause(), now).await?;
        let done = self.service.set_email(&mut tx, &account, new_email, EmailChanged::ByVendor, self.cause(), now);
        match done.await {
            Ok(()) => {}
            Err(Internal::Store(StoreError::Conflict(_))) => return Err(SetEmailError::Taken),
            Err(error) => return Err(error.into()),
        }
        // The new address may be the way out of somebody else's hands.
        let ended = tx.delete_sessions_of(id).await?;
        if ended > 0 {
            let event = AccountEvent::AllSessionsEnded { ended };
            self.service.record(&mut tx, now, self.cause(), event.of(id)).await?;
        }
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(Account { email: new_email.clone(), ..account })
    }
}

/// Locks the open requests to sign in with two addresses. A sign-in locks them before the account, so this comes first, and
/// always in the same order.
pub(crate) async fn lock_addresses(
    tx: &mut Tx,
    one: &EmailAddress,
    other: &EmailAddress,
    now: Timestamp,
) -> Result<(), Internal> {
    let (first, second) = if one.as_str() <= other.as_str() { (one, other) } else { (other, one) };
    tx.lock_sign_in_requests_of(first.as_str(), now).await?;
    Ok(tx.lock_sign_in_requests_of(second.as_str(), now).await?)
}
