//! Identifiers: one newtype per kind of record, so that a machine id never passes for a license id.
//!
//! All are UUID version 7 (RFC 9562, section 5.7): they sort by creation time, which is what cursor
//! paging relies on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// The text was not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id for the instant `now`, made unique by 80 random bits.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid())
            }

            /// The UUID itself, for storage.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the hyphenated form: one id has one spelling in URLs.
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    )*};
}

ids! {
    /// A person who can sign in: customer, support or admin.
    AccountId
    /// A product that is sold.
    ProductId
    /// A policy: the terms that licenses of one kind share.
    PolicyId
    /// An entitlement: a named right that a license carries.
    EntitlementId
    /// A license.
    LicenseId
    /// A machine activated under a license.
    MachineId
    /// One request to sign in.
    LoginRequestId
    /// A signed-in session, as its owner may see it; unrelated to the cookie's value.
    SessionId
    /// A mail in the outbox.
    MailId
    /// A row of the audit log.
    AuditId
    /// A key that signs answers, files and license keys.
    SigningKeyId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_survive_text() {
        let early = LicenseId::new(Timestamp::from_unix_micros(1_000_000), [0xff; 10]);
        let late = LicenseId::new(Timestamp::from_unix_micros(2_000_000), [0; 10]);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.uuid().get_version_num(), 7);
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = LicenseId::new(Timestamp::from_unix_micros(0), [7; 10]);
        let bare = id.uuid().simple().to_string();
        for bad in [bare.as_str(), "", "x", "{0190f3c2-0000-7000-8000-000000000000}"] {
            assert_eq!(bad.parse::<LicenseId>(), Err(InvalidId), "{bad}");
        }
    }
}
