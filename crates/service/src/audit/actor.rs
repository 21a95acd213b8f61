//! The actors in the audit log.

use latchkey_licensing::{
    account::{Account, Role},
    ids::{AccountId, LicenseId},
};

use crate::audit::{network::CoarseNetwork, reason::Reason, stored::role};

/// The kinds of actors, as they are stored.
pub(crate) const KINDS: [&str; 7] = ["host", "visitor", "customer", "support", "admin", "app", "server"];

/// The person or program that did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A command on the host.
    Host,
    /// A person who is not signed in.
    Visitor,
    /// A signed-in person.
    Account {
        /// The person's account.
        id: AccountId,
        /// The account's role at that time.
        role: Role,
    },
    /// An app that presented the key of this license.
    App(LicenseId),
    /// The server itself, such as a worker.
    Server,
}

/// Who did something, from which network and, if they said so, why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'a> {
    pub(crate) actor: Actor,
    /// `None` for the host and the server.
    pub(crate) network: Option<CoarseNetwork>,
    pub(crate) reason: Option<&'a Reason>,
}

impl From<Actor> for Cause<'_> {
    fn from(actor: Actor) -> Self {
        Self { actor, network: None, reason: None }
    }
}

impl From<&Account> for Actor {
    fn from(account: &Account) -> Self {
        Self::Account { id: account.id, role: account.role }
    }
}

impl Actor {
    /// The actor, on a network.
    pub(crate) fn on(self, network: impl Into<CoarseNetwork>) -> Cause<'static> {
        Cause { actor: self, network: Some(network.into()), reason: None }
    }

    /// The kind of actor as stored. For an account it is the role.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Visitor => "visitor",
            Self::Account { role, .. } => role.as_str(),
            Self::App(_) => "app",
            Self::Server => "server",
        }
    }

    /// The id of the account or license, as stored. `None` for other actors.
    pub(crate) fn id(self) -> Option<String> {
        match self {
            Self::Host | Self::Visitor | Self::Server => None,
            Self::Account { id, .. } => Some(id.to_string()),
            Self::App(license) => Some(license.to_string()),
        }
    }

    /// Parses a stored [`kind`](Self::kind) and [`id`](Self::id). `None` if they are not valid together.
    pub(crate) fn read(kind: &str, id: Option<&str>) -> Option<Self> {
        Some(match (kind, id) {
            ("host", None) => Self::Host,
            ("visitor", None) => Self::Visitor,
            ("server", None) => Self::Server,
            ("app", Some(license)) => Self::App(license.parse().ok()?),
            (kind, Some(account)) => Self::Account { id: account.parse().ok()?, role: role::read(kind)? },
            _ => return None,
        })
    }
}
