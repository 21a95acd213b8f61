//! Who did something.

use latchkey_licensing::{
    account::{Account, Role},
    ids::{AccountId, LicenseId},
};

use crate::audit::stored::role;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A command on the host.
    Host,
    /// A browser that is not signed in.
    Visitor,
    /// Someone who is signed in.
    Account {
        /// Who.
        id: AccountId,
        /// What the account could do then.
        role: Role,
    },
    /// An app that showed the key of this license.
    App(LicenseId),
    /// The server itself.
    Server,
}

impl From<&Account> for Actor {
    fn from(account: &Account) -> Self {
        Self::Account { id: account.id, role: account.role }
    }
}

impl Actor {
    /// The stored word for the kind of actor. For an account it is the role.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Visitor => "visitor",
            Self::Account { role, .. } => role.as_str(),
            Self::App(_) => "app",
            Self::Server => "server",
        }
    }

    /// The account or license, where there is one.
    pub(crate) fn id(self) -> Option<String> {
        match self {
            Self::Host | Self::Visitor | Self::Server => None,
            Self::Account { id, .. } => Some(id.to_string()),
            Self::App(license) => Some(license.to_string()),
        }
    }

    /// Reads what [`kind`](Self::kind) and [`id`](Self::id) wrote.
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
