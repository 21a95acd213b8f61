//! Reminders that a license expires soon.

use std::time::Duration;

use latchkey_licensing::{
    email::EmailAddress,
    ids::{LicenseId, PolicyId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// Which licenses expire soon.
#[derive(Clone, Copy, Debug)]
pub struct EndingSearch<'a> {
    /// A fixed word for the kind of reminder.
    pub kind: &'a str,
    /// Licenses that expire later than this
    pub after: Timestamp,
    /// and at this instant at the latest.
    pub until: Timestamp,
    /// The license must have been issued this long before it expires.
    pub lead: Duration,
    /// The policy's duration, if it has one, must be at least this.
    pub min_duration: Duration,
}

/// A license that expires soon, with what a reminder of it contains.
#[derive(Clone, Debug)]
pub struct EndingLicense {
    pub id: LicenseId,
    pub policy: PolicyId,
    pub key_prefix: String,
    pub key_tail: String,
    pub expires_at: Timestamp,
    /// The owner's address.
    pub email: EmailAddress,
}

#[derive(sqlx::FromRow)]
pub(crate) struct EndingLicenseRow {
    id: Uuid,
    policy_id: Uuid,
    key_prefix: String,
    key_tail: String,
    expires_at: i64,
    email: String,
}

impl TryFrom<EndingLicenseRow> for EndingLicense {
    type Error = StoreError;

    fn try_from(row: EndingLicenseRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            policy: row.policy_id.into(),
            key_prefix: row.key_prefix,
            key_tail: row.key_tail,
            expires_at: Timestamp::from_unix_micros(row.expires_at),
            email: Origin::new("licenses", row.id).email(&row.email)?,
        })
    }
}
