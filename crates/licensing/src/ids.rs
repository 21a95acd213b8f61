//! Identifiers: one newtype for each kind of record, so that a machine id cannot be used as a license id.
//!
//! All are version 7 UUIDs (RFC 9562, section 5.7). They sort by creation time, and cursor paging relies
//! on that.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// The text is not a hyphenated UUID.
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
            /// Creates an id for the instant `now`, made unique by 80 random bits.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid())
            }

            /// The UUID, for storage.
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
                // Only the hyphenated form is accepted, so that an id has one spelling in URLs.
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
    /// Identifies an account: a customer, a support agent or an admin.
    AccountId
    /// Identifies a product.
    ProductId
    /// Identifies a policy.
    PolicyId
    /// Identifies an entitlement.
    EntitlementId
    /// Identifies a license.
    LicenseId
    /// Identifies one activation of a machine. A machine that is activated again gets a new id.
    MachineId
    /// Identifies a component of a machine.
    ComponentId
    /// Identifies a process on a machine.
    ProcessId
    /// Identifies a request to sign in.
    SignInRequestId
    /// Identifies a session. It is shown to the session's owner and reveals nothing about the cookie's value.
    SessionId
    /// Identifies a passkey. It reveals nothing about the credential's id.
    PasskeyId
    /// Identifies a challenge that an authenticator has yet to sign.
    CeremonyId
    /// Identifies a change of an account's e-mail address.
    EmailChangeId
    /// Identifies an e-mail in the outbox.
    MailId
    /// Identifies an entry of the audit log.
    AuditId
    /// Identifies a note about a record.
    NoteId
    /// Identifies a saved view of a list.
    SavedViewId
    /// Identifies one act on many licenses.
    BulkActId
    /// Identifies one run of an import of licenses.
    ImportId
    /// Identifies a price in the catalog.
    PriceId
    /// Identifies an order. It is in the metadata of everything that Stripe stores about the order.
    OrderId
    /// Identifies a key that signs API responses, files and license keys.
    SigningKeyId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_round_trip_through_text() {
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
