//! Machines.

pub(crate) mod components;
pub(crate) mod processes;

use latchkey_licensing::{
    ids::{LicenseId, MachineId},
    machine::{Fingerprint, Machine, MachineFacts},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
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

    /// Parses the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::App, Self::Customer, Self::Admin, Self::Server].into_iter().find(|by| by.as_str() == text)
    }
}

/// The active machines of a license, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineCount {
    pub license: LicenseId,
    /// At least one.
    pub machines: u32,
    /// When any of the machines was last seen.
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
    pub(crate) memory: Option<i64>,
    pub(crate) disk: Option<i64>,
    pub(crate) ip: Option<String>,
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
        let size = |bytes: i64| u64::try_from(bytes).map_err(|_| origin.corrupt("a size is negative"));
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
                memory: row.memory.map(size).transpose()?,
                disk: row.disk.map(size).transpose()?,
                ip: row.ip.map(|ip| ip.parse().map_err(|_| origin.corrupt("the IP address is invalid"))).transpose()?,
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
