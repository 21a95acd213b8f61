//! A license with its owner and everything else that one request needs. One statement reads it all, so that the
//! data is consistent and costs one round trip.

use latchkey_licensing::{account::Account, ids::LicenseId, license::License, machine::Machine, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, accounts::AccountRow, licenses::LicenseRow, machines::MachineRow},
};

/// A license, its owner, and what is needed to check whether caches are current.
#[derive(Clone, Debug)]
pub struct LicenseRecord {
    pub license: License,
    pub owner: Account,
    /// The keyed hash of the license key.
    pub key_lookup: [u8; 32],
    /// The number of entitlements that are granted to the license individually.
    pub individual_entitlements: u32,
    pub catalog_version: i64,
}

/// A license that was found by its key.
#[derive(Clone, Debug)]
pub struct KnownLicense {
    pub record: LicenseRecord,
    /// What the rate-limit bucket of the lookup stores.
    pub next_allowed_at: Option<Timestamp>,
    /// The active machines, by slot, if the lookup asked for them.
    pub machines: Option<Vec<Machine>>,
}

/// The most lookups in one statement.
pub(crate) const MAX_LOOKUPS: usize = 32;

/// A lookup of a license by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLookup {
    /// The keyed hash of the key.
    pub key_lookup: [u8; 32],
    /// The rate-limit bucket that is read as well. Empty for none.
    pub bucket: String,
    /// Whether the license's active machines are read as well.
    pub with_machines: bool,
}

#[derive(sqlx::FromRow)]
pub(crate) struct LicenseRecordRow {
    #[sqlx(flatten)]
    license: LicenseRow,
    key_lookup: Vec<u8>,
    owner_email: String,
    owner_name: Option<String>,
    owner_role: String,
    owner_disabled_at: Option<i64>,
    owner_created_at: i64,
    individual_entitlements: i64,
    catalog_version: i64,
    /// The stored value of the requested rate-limit bucket.
    pub(crate) next_allowed_at: Option<i64>,
}

impl TryFrom<LicenseRecordRow> for LicenseRecord {
    type Error = StoreError;

    fn try_from(row: LicenseRecordRow) -> Result<Self> {
        let license = License::try_from(row.license)?;
        let origin = Origin::new("licenses", license.id);
        let owner = AccountRow {
            id: license.account.uuid(),
            email: row.owner_email,
            name: row.owner_name,
            role: row.owner_role,
            disabled_at: row.owner_disabled_at,
            created_at: row.owner_created_at,
        };
        Ok(Self {
            owner: owner.try_into()?,
            key_lookup: origin.bytes32(&row.key_lookup)?,
            individual_entitlements: origin.count(row.individual_entitlements)?,
            catalog_version: row.catalog_version,
            license,
        })
    }
}

/// A machine joined to its license. All columns are null if the license has none.
#[derive(sqlx::FromRow)]
#[expect(clippy::struct_field_names, reason = "the names of the columns")]
pub(crate) struct JoinedMachineRow {
    machine_id: Option<Uuid>,
    machine_slot: Option<i64>,
    machine_fingerprint: Option<String>,
    machine_name: Option<String>,
    machine_hostname: Option<String>,
    machine_platform: Option<String>,
    machine_cores: Option<i64>,
    machine_memory: Option<i64>,
    machine_disk: Option<i64>,
    machine_ip: Option<String>,
    machine_app_version: Option<String>,
    machine_metadata: Option<String>,
    machine_last_heartbeat_at: Option<i64>,
    machine_is_resurrected: Option<bool>,
    machine_last_check_out_at: Option<i64>,
    machine_last_seen_at: Option<i64>,
    machine_created_at: Option<i64>,
    machine_updated_at: Option<i64>,
}

impl JoinedMachineRow {
    pub(crate) fn of_license(self, license: LicenseId) -> Result<Option<Machine>> {
        let Some(id) = self.machine_id else {
            return Ok(None);
        };
        let missing = || StoreError::Corrupt {
            table: "machines",
            id: id.to_string(),
            why: "a required column is null".to_owned(),
        };
        let row = MachineRow {
            id,
            license_id: license.uuid(),
            slot: self.machine_slot.ok_or_else(missing)?,
            fingerprint: self.machine_fingerprint.ok_or_else(missing)?,
            name: self.machine_name,
            hostname: self.machine_hostname,
            platform: self.machine_platform,
            cores: self.machine_cores,
            memory: self.machine_memory,
            disk: self.machine_disk,
            ip: self.machine_ip,
            app_version: self.machine_app_version,
            metadata: self.machine_metadata.ok_or_else(missing)?,
            last_heartbeat_at: self.machine_last_heartbeat_at,
            is_resurrected: self.machine_is_resurrected.ok_or_else(missing)?,
            last_check_out_at: self.machine_last_check_out_at,
            last_seen_at: self.machine_last_seen_at.ok_or_else(missing)?,
            created_at: self.machine_created_at.ok_or_else(missing)?,
            updated_at: self.machine_updated_at.ok_or_else(missing)?,
        };
        row.try_into().map(Some)
    }
}
