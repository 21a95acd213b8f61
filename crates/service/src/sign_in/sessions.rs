//! Signed-in sessions: found by the hash of their token, ended at once wherever they are used.

use std::{net::IpAddr, time::Duration};

use latchkey_licensing::{account::Role, ids::SessionId, time::Timestamp};
use latchkey_store::SessionRow;

use crate::{
    actors::SignedIn,
    audit::{actor::Actor, event::AccountEvent},
    error::Internal,
    service::{Service, write_behind::is_stale},
    sign_in::secrets::SessionToken,
};

/// How long a session lives for a role (ML-18).
pub(crate) struct Lifetime {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

pub(crate) fn lifetime(role: Role) -> Lifetime {
    match role {
        Role::Customer => Lifetime { idle: Duration::from_hours(7 * 24), absolute: Duration::from_hours(30 * 24) },
        Role::Support | Role::Admin => Lifetime { idle: Duration::from_mins(30), absolute: Duration::from_hours(12) },
    }
}

/// A session, as its owner may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its id, which opens nothing.
    pub id: SessionId,
    /// The browser in words.
    pub agent: String,
    /// The network it came from, coarse.
    pub network: String,
    /// When it was opened.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
}

impl Service {
    /// Who this token belongs to, if it is good now. Using a session keeps it from idling out.
    pub async fn find_session(&self, token: &SessionToken) -> Result<Option<SignedIn>, Internal> {
        let now = self.now();
        let mut reader = self.store().read_one().await?;
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
        let (session, assurance, expires_at) = (row.id, row.assurance, row.expires_at);
        Ok(Some(SignedIn { account, session, assurance, expires_at }))
    }

    /// Ends the session of this token, if there is one.
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
    // The role's lifetime is applied when the session is used: a role given later shortens it too.
    let lifetime = lifetime(role);
    now < row.expires_at
        && now.since(row.authenticated_at) < lifetime.absolute
        && now.since(row.last_seen_at) < lifetime.idle
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

/// The network of an address, coarse enough to be no address: IPv4 /24, IPv6 /48.
pub(crate) fn coarse_network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}
