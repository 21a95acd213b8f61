//! Sessions of signed-in people. They are found by the hash of their token, and ending one takes effect at once in all
//! processes.

use std::time::Duration;

use latchkey_licensing::{
    account::{Account, Role},
    hex,
    ids::SessionId,
    time::Timestamp,
};
use latchkey_store::{NewSession, SessionRow, Tx};

use crate::{
    audit::{
        actor::Actor,
        event::{AccountEvent, SignInMeans},
        network::CoarseNetwork,
    },
    error::Internal,
    identity::{
        actors::SignedIn,
        sign_in::{
            email::{ConfirmedSignIn, SignInOrigin},
            known_browser::KnownBrowser,
            secrets::SessionToken,
        },
    },
    mail::messages::account::NewBrowserMail,
    operation::vault::plain_hash,
    service::{Service, write_behind::is_stale},
};

/// How long a session lasts (ML-18).
pub(crate) struct Lifetime {
    /// The longest time without use.
    pub(crate) idle: Duration,
    /// The longest time since the sign-in.
    pub(crate) absolute: Duration,
}

pub(crate) fn lifetime(role: Role) -> Lifetime {
    match role {
        Role::Customer => Lifetime { idle: Duration::from_hours(7 * 24), absolute: Duration::from_hours(30 * 24) },
        Role::Support | Role::Admin => Lifetime { idle: Duration::from_mins(30), absolute: Duration::from_hours(12) },
    }
}

impl Lifetime {
    /// When a session ends by itself.
    fn end_of(&self, row: &SessionRow) -> Timestamp {
        row.expires_at.min(row.authenticated_at.plus(self.absolute)).min(row.last_seen_at.plus(self.idle))
    }
}

/// How long a session is remembered after it has ended by itself. It gives access to nothing. It only lets the server return
/// what a member of staff had typed into a form when the session ended.
pub const ENDED_SESSION_KEPT: Duration = Duration::from_hours(12);

/// How a person signed in, and what the session may do because of that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSignIn {
    pub(crate) means: SignInMeans,
    pub(crate) second_factor_at: Option<Timestamp>,
    pub(crate) may_enroll_until: Option<Timestamp>,
}

/// A session as shown to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// The session's id, which is not a secret.
    pub id: SessionId,
    /// The browser, such as `Firefox on Windows`.
    pub agent: String,
    /// The network that the browser was in, without the host part.
    pub network: String,
    /// When the person signed in.
    pub authenticated_at: Timestamp,
    /// When the session was last used, to the minute.
    pub last_seen_at: Timestamp,
}

impl Service {
    /// The signed-in person with this token, if the session is active. This counts as a use of the session.
    pub async fn find_session(&self, token: &SessionToken) -> Result<Option<SignedIn>, Internal> {
        let now = self.now();
        let mut reader = self.store().read_without_snapshot().await?;
        let Some((row, account)) = reader.find_session_with_account(&token.hash()).await? else {
            return Ok(None);
        };
        drop(reader);
        if account.disabled_at.is_some() || !is_alive(&row, account.role, now) {
            return Ok(None);
        }
        if is_stale(row.last_seen_at, now) {
            self.note_session_seen(row.id, now);
        }
        let SessionRow { id, expires_at, authenticated_at, second_factor_at, may_enroll_until, .. } = row;
        Ok(Some(SignedIn {
            account,
            session: id,
            expires_at,
            authenticated_at,
            second_factor_at,
            may_enroll_until,
            network: None,
        }))
    }

    /// Whether this was the token of a session of a member of staff with a second factor, which has ended by itself within
    /// [`ENDED_SESSION_KEPT`]. Sessions that somebody ended are not recognized.
    pub async fn is_ended_staff_session(&self, token: &SessionToken) -> Result<bool, Internal> {
        let now = self.now();
        let mut reader = self.store().read_without_snapshot().await?;
        let Some((row, account)) = reader.find_session_with_account(&token.hash()).await? else {
            return Ok(false);
        };
        let was_staff =
            account.role != Role::Customer && account.disabled_at.is_none() && row.second_factor_at.is_some();
        let end = lifetime(account.role).end_of(&row);
        Ok(was_staff && now >= end && now < end.plus(ENDED_SESSION_KEPT))
    }

    /// Opens a session for a person who has just signed in. `earlier` is the browser's previous session, which ends.
    pub(crate) async fn open_session(
        &self,
        tx: &mut Tx,
        account: &Account,
        new: NewSignIn,
        origin: SignInOrigin<'_>,
        earlier: Option<&SessionToken>,
    ) -> Result<ConfirmedSignIn, Internal> {
        let now = self.now();
        if let Some(earlier) = earlier
            && let Some(row) = tx.find_session(&earlier.hash()).await?
        {
            tx.delete_session(row.account, row.id).await?;
        }
        let token = SessionToken::from_bytes(self.random()?);
        let lifetime = lifetime(account.role).absolute;
        let network = CoarseNetwork::from(origin.ip).to_string();
        tx.insert_session(&NewSession {
            id: SessionId::new(now, self.random()?),
            token_hash: token.hash(),
            account: account.id,
            agent: origin.agent,
            network: &network,
            now,
            expires_at: now.plus(lifetime),
            second_factor_at: new.second_factor_at,
            may_enroll_until: new.may_enroll_until,
        })
        .await?;
        self.report_new_browser(tx, account, new.means, origin.agent, &network).await?;
        let event = AccountEvent::SignedIn { means: new.means, agent: origin.agent.to_owned(), network };
        self.record(tx, now, Actor::from(account).on(origin.ip), event.of(account.id)).await?;
        let known_browser = match origin.known {
            Some(browser) => browser.clone(),
            // As random as the session's token, which it does not reveal.
            None => KnownBrowser::new(self.0.vault.known_browser(b"id", &hex::encode(token.expose()), "")),
        };
        let known_browser = known_browser.knowing(&self.0.vault, &account.email);
        Ok(ConfirmedSignIn { token, lifetime, next_path: None, role: account.role, known_browser })
    }

    /// Tells a person by mail that the account is used in a browser that was not seen before: one with another description
    /// or in another network (ML-21). Nothing is known about the first one, so it is not reported.
    async fn report_new_browser(
        &self,
        tx: &mut Tx,
        account: &Account,
        means: SignInMeans,
        agent: &str,
        network: &str,
    ) -> Result<(), Internal> {
        let now = self.now();
        let browser = plain_hash(format!("{agent}\n{network}").as_bytes());
        let is_first = tx.count_known_browsers(account.id).await? == 0;
        if tx.note_browser(account.id, &browser, now).await? && !is_first {
            self.mail_customer(tx, account, &NewBrowserMail { agent, network, means, at: now }, None).await?;
        }
        Ok(())
    }

    /// Ends the session with this token, if there is one.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<(), Internal> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        if let Some(row) = tx.find_session(&token.hash()).await?
            && tx.delete_session(row.account, row.id).await?
        {
            let account = tx.get_account(row.account).await?;
            self.record(&mut tx, now, Actor::from(&account), AccountEvent::SessionEnded.of(account.id)).await?;
        }
        Ok(tx.commit().await?)
    }
}

pub(crate) fn is_alive(row: &SessionRow, role: Role, now: Timestamp) -> bool {
    // The role's lifetime is checked at each use, because the role may have changed since the sign-in.
    now < lifetime(role).end_of(row)
}

impl From<SessionRow> for SessionSummary {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            authenticated_at: row.authenticated_at,
            last_seen_at: row.last_seen_at,
            agent: row.agent,
            network: row.network,
        }
    }
}
