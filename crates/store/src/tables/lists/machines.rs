//! The list of machines, active or not.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, LicenseId, PolicyId, ProductId},
    machine::Machine,
    time::Timestamp,
};
use uuid::Uuid;

use super::{TimeRange, keyset::Position};
use crate::{
    error::{Result, StoreError},
    tables::{
        Origin,
        machines::{DeactivatedBy, MachineRow},
    },
};

/// Which machines to list. The default is all, active or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineFilter {
    /// What the owner's address or name begins with, ignoring case.
    pub text: Option<String>,
    /// The hash of the fingerprint.
    pub fingerprint_hash: Option<[u8; 32]>,
    pub license: Option<LicenseId>,
    pub account: Option<AccountId>,
    pub policy: Option<PolicyId>,
    pub product: Option<ProductId>,
    pub is_active: Option<bool>,
    /// When it was activated.
    pub created: TimeRange,
    /// When it was last seen.
    pub seen: TimeRange,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineSort {
    #[default]
    Newest,
    Oldest,
    /// Those that were seen last.
    LastSeen,
    /// Those that were not seen for longest.
    Unseen,
}

/// A machine with what a list shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMachine {
    pub machine: Machine,
    /// When and by whom it was deactivated. `None` if it is active.
    pub deactivated: Option<(Timestamp, DeactivatedBy)>,
    pub owner: AccountId,
    pub owner_email: EmailAddress,
    pub key_prefix: String,
    pub key_tail: String,
    pub policy_code: String,
    pub product_code: String,
}

impl ListedMachine {
    pub(crate) fn position(&self, sort: MachineSort) -> Position {
        let at = match sort {
            MachineSort::Newest | MachineSort::Oldest => self.machine.created_at,
            MachineSort::LastSeen | MachineSort::Unseen => self.machine.last_seen_at,
        };
        Position::of_number(at.unix_micros(), self.machine.id.uuid())
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ListedMachineRow {
    #[sqlx(flatten)]
    machine: MachineRow,
    deactivated_at: Option<i64>,
    deactivated_by: Option<String>,
    owner_id: Uuid,
    owner_email: String,
    key_prefix: String,
    key_tail: String,
    policy_code: String,
    product_code: String,
}

impl TryFrom<ListedMachineRow> for ListedMachine {
    type Error = StoreError;

    fn try_from(row: ListedMachineRow) -> Result<Self> {
        let origin = Origin::new("machines", row.machine.id);
        let deactivated = row.deactivated_at.zip(row.deactivated_by).map(|(at, by)| {
            let by = DeactivatedBy::parse(&by).ok_or_else(|| origin.corrupt("deactivated_by is invalid"))?;
            Ok::<_, StoreError>((Timestamp::from_unix_micros(at), by))
        });
        Ok(Self {
            deactivated: deactivated.transpose()?,
            owner: row.owner_id.into(),
            owner_email: origin.email(&row.owner_email)?,
            key_prefix: row.key_prefix,
            key_tail: row.key_tail,
            policy_code: row.policy_code,
            product_code: row.product_code,
            machine: row.machine.try_into()?,
        })
    }
}
