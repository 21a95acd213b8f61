//! The list of licenses.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, LicenseId, PolicyId, ProductId},
    license::License,
    time::Timestamp,
};

use super::{TimeRange, keyset::Position};
use crate::{
    error::{Result, StoreError},
    tables::{Origin, licenses::LicenseRow},
};

/// The order of licenses that never expire.
pub(crate) const NEVER: i64 = i64::MAX;

/// Which licenses to list. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    /// Only these. `None` is all.
    pub ids: Option<Vec<LicenseId>>,
    /// What the owner's address or name begins with, or the last four letters of the key. Case is ignored.
    pub text: Option<String>,
    pub account: Option<AccountId>,
    pub policy: Option<PolicyId>,
    pub product: Option<ProductId>,
    pub standing: Option<ListedStanding>,
    /// Whether the license is active on any machine.
    pub has_machines: Option<bool>,
    pub created: TimeRange,
    pub expires: TimeRange,
}

/// What a license allows at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedStanding {
    /// In good standing, and not expired at this instant.
    Active(Timestamp),
    /// In good standing, but expired at this instant.
    Expired(Timestamp),
    Suspended,
    Revoked,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LicenseSort {
    #[default]
    Newest,
    Oldest,
    /// Those that expire first. Those that never expire come last.
    Expiry,
}

/// A license with what a list shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedLicense {
    pub license: License,
    pub owner_email: EmailAddress,
    pub owner_name: Option<String>,
    pub owner_is_banned: bool,
    pub policy_code: String,
    pub policy_name: String,
    pub product_code: String,
    pub product_name: String,
    /// The policy's limit of machines, without overage.
    pub policy_max_machines: Option<u32>,
    /// The number of machines on which it is active.
    pub machines: u32,
    /// When any of these was last seen.
    pub last_seen_at: Option<Timestamp>,
}

impl ListedLicense {
    pub(crate) fn position(&self, sort: LicenseSort) -> Position {
        let key = match sort {
            LicenseSort::Newest | LicenseSort::Oldest => self.license.created_at.unix_micros(),
            LicenseSort::Expiry => self.license.expiry.at().map_or(NEVER, Timestamp::unix_micros),
        };
        Position::of_number(key, self.license.id.uuid())
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ListedLicenseRow {
    #[sqlx(flatten)]
    license: LicenseRow,
    owner_email: String,
    owner_name: Option<String>,
    owner_disabled_at: Option<i64>,
    policy_code: String,
    policy_name: String,
    product_code: String,
    product_name: String,
    policy_max_machines: Option<i64>,
    machines: i64,
    last_seen_at: Option<i64>,
}

impl TryFrom<ListedLicenseRow> for ListedLicense {
    type Error = StoreError;

    fn try_from(row: ListedLicenseRow) -> Result<Self> {
        let license = License::try_from(row.license)?;
        let origin = Origin::new("licenses", license.id);
        Ok(Self {
            owner_email: origin.email(&row.owner_email)?,
            owner_name: row.owner_name,
            owner_is_banned: row.owner_disabled_at.is_some(),
            policy_code: row.policy_code,
            policy_name: row.policy_name,
            product_code: row.product_code,
            product_name: row.product_name,
            policy_max_machines: row.policy_max_machines.map(|limit| origin.count(limit)).transpose()?,
            machines: origin.count(row.machines)?,
            last_seen_at: row.last_seen_at.map(Timestamp::from_unix_micros),
            license,
        })
    }
}
