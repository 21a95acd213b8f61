//! Machines. Only active machines are returned; deactivated ones are history.

pub(crate) mod heartbeat_watch;
pub(crate) mod outages;

use latchkey_licensing::{
    ids::{LicenseId, MachineId},
    machine::{Fingerprint, Machine, MachineFacts},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeactivatedBy {
    /// The app on the machine.
    App,
    /// The license's owner, in the portal.
    Customer,
    Admin,
    /// The server, because of missing heartbeats.
    Server,
}

impl DeactivatedBy {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Customer => "customer",
            Self::Admin => "admin",
            Self::Server => "server",
        }
    }
}

/// How many active machines a license has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineCount {
    /// The license.
    pub license: LicenseId,
    /// How many, at least one.
    pub machines: u32,
    /// When one of them was last seen.
    pub last_seen_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct MachineRow {
    pub(crate) id: Uuid,
    pub(crate) license_id: Uuid,
    pub(crate) slot: i64,
    pub(crate) fingerprint: String,
    pub(crate) name: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) cores: Option<i64>,
    pub(crate) app_version: Option<String>,
    pub(crate) metadata: String,
    pub(crate) last_heartbeat_at: Option<i64>,
    pub(crate) is_resurrected: bool,
    pub(crate) last_check_out_at: Option<i64>,
    pub(crate) last_seen_at: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl TryFrom<MachineRow> for Machine {
    type Error = StoreError;

    fn try_from(row: MachineRow) -> Result<Self> {
        let origin = Origin::new("machines", row.id);
        Ok(Self {
            id: MachineId::from(row.id),
            license: row.license_id.into(),
            slot: origin.count(row.slot)?,
            fingerprint: Fingerprint::parse(&row.fingerprint)
                .ok_or_else(|| origin.corrupt("fingerprint is invalid"))?,
            facts: MachineFacts {
                name: row.name,
                hostname: row.hostname,
                platform: row.platform,
                cores: row.cores.map(|cores| origin.count(cores)).transpose()?,
                app_version: row.app_version,
            },
            metadata: row.metadata,
            last_heartbeat_at: row.last_heartbeat_at.map(Timestamp::from_unix_micros),
            is_resurrected: row.is_resurrected,
            last_check_out_at: row.last_check_out_at.map(Timestamp::from_unix_micros),
            last_seen_at: Timestamp::from_unix_micros(row.last_seen_at),
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
        })
    }
}

methods! {
    machines:
    read {
        /// The active machine at position `skipped`, by id.
        machine_at(license: LicenseId, skipped: i64) -> Option<MachineId>;
        /// A license's active machines, by id, after `after`.
        list_machines(license: LicenseId, after: Option<MachineId>, limit: i64) -> Vec<Machine>;
        /// All active machines of a license, by slot.
        list_active_machines(license: LicenseId) -> Vec<Machine>;
        /// Only if it is an active machine of the license.
        find_machine(license: LicenseId, id: MachineId) -> Option<Machine>;
        /// Only if it is an active machine of the license.
        find_machine_by_fingerprint(license: LicenseId, fingerprint_hash: &[u8; 32]) -> Option<Machine>;
        /// When a license's owner freed machines after `since`, the earliest first.
        list_deactivations_by_customer(license: LicenseId, since: Timestamp) -> Vec<Timestamp>;
        /// How many active machines licenses have, and when one of them was last seen.
        count_machines(licenses: &[LicenseId]) -> Vec<MachineCount>;
        /// The first `at_most` active machines of each license, by slot.
        list_first_machines(licenses: &[LicenseId], at_most: i64) -> Vec<Machine>;
        /// All active machines of licenses, by id.
        list_machines_of(licenses: &[LicenseId]) -> Vec<Machine>;
        /// When the owners of licenses freed machines after `since`, the earliest first.
        list_releases(licenses: &[LicenseId], since: Timestamp) -> Vec<(LicenseId, Timestamp)>;
        /// Licenses with machines whose heartbeat may have stopped, where the policy lets such machines go.
        list_licenses_with_late_machines(now: Timestamp, limit: i64) -> Vec<LicenseId>;
        /// Whether a machine was active on a license and is no longer.
        was_active_machine(license: LicenseId, id: MachineId) -> bool;
    }
    write {
        insert_machine(machine: &Machine, fingerprint_hash: &[u8; 32]) -> ();
        /// `false` if the machine was not active.
        set_machine_deactivated(id: MachineId, by: DeactivatedBy, now: Timestamp) -> bool;
        /// Writes a heartbeat, a name or a check-out. `false` if the machine is not active.
        update_machine(machine: &Machine) -> bool;
        /// Records when machines were last seen. Never moves a time back.
        note_machines_seen(seen: &[(MachineId, Timestamp)]) -> ();
    }
}
