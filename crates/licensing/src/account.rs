//! Accounts: people who can sign in.

use serde::{Deserialize, Serialize};

use crate::{email::EmailAddress, ids::AccountId, time::Timestamp};

/// The role of an account, which determines what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees and manages its own licenses.
    Customer,
    /// Reads everything and helps customers.
    Support,
    /// May do everything.
    Admin,
}

impl Role {
    const ALL: [Self; 3] = [Self::Customer, Self::Support, Self::Admin];

    /// The word used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// Parses the word. `None` for any other text. Case matters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Assigned when the account is created.
    pub id: AccountId,
    /// The address for signing in and for mail. No two accounts have the same.
    pub email: EmailAddress,
    /// The name that the person goes by. `None` if it is not known.
    pub name: Option<String>,
    /// What the account may do.
    pub role: Role,
    /// When the account was banned. `None` if it is not banned.
    pub disabled_at: Option<Timestamp>,
    /// When the account was created.
    pub created_at: Timestamp,
}

impl Account {
    /// Whether the account was deleted: it has a pseudonym in place of the address.
    pub fn is_deleted(&self) -> bool {
        self.email.is_pseudonym()
    }

    /// Whether the person may sign in and gets mail.
    pub fn is_in_use(&self) -> bool {
        self.disabled_at.is_none() && !self.is_deleted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_shows_that_an_account_was_deleted() {
        let id = AccountId::new(Timestamp::from_unix_micros(0), [7; 10]);
        let email = EmailAddress::parse("ada@example.com").expect("an address");
        let account = Account {
            id,
            email,
            name: None,
            role: Role::Customer,
            disabled_at: None,
            created_at: Timestamp::from_unix_micros(0),
        };
        assert!(account.is_in_use());
        let deleted = Account { email: EmailAddress::pseudonym(id), ..account };
        assert!(deleted.is_deleted() && !deleted.is_in_use());
        assert_eq!(EmailAddress::parse(deleted.email.as_str()), Ok(deleted.email.clone()), "it is read back");
    }

    #[test]
    fn roles_survive_text() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Admin"), None);
    }
}
