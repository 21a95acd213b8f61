//! Accounts: people who can sign in.

use serde::{Deserialize, Serialize};

use crate::{email::EmailAddress, ids::AccountId, time::Timestamp};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees and manages its own licenses.
    Customer,
    /// Reads everything and helps customers.
    Support,
    /// Does everything.
    Admin,
}

impl Role {
    const ALL: [Self; 3] = [Self::Customer, Self::Support, Self::Admin];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// Reads the word of a role.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where its mail goes; unique.
    pub email: EmailAddress,
    /// What to call the person.
    pub name: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Since when it is banned.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_survive_text() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Admin"), None);
    }
}
