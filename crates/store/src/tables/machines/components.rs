//! Components of machines.

use latchkey_licensing::{
    component::{Component, HeldComponent},
    machine::Fingerprint,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
pub(crate) struct ComponentRow {
    id: Uuid,
    license_id: Uuid,
    machine_id: Uuid,
    fingerprint: String,
    name: String,
    metadata: String,
    created_at: i64,
}

impl TryFrom<ComponentRow> for Component {
    type Error = StoreError;

    fn try_from(row: ComponentRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            license: row.license_id.into(),
            machine: row.machine_id.into(),
            fingerprint: fingerprint(&Origin::new("components", row.id), &row.fingerprint)?,
            name: row.name,
            metadata: row.metadata,
            created_at: Timestamp::from_unix_micros(row.created_at),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct HeldComponentRow {
    id: Uuid,
    machine_id: Uuid,
    fingerprint: String,
}

impl TryFrom<HeldComponentRow> for HeldComponent {
    type Error = StoreError;

    fn try_from(row: HeldComponentRow) -> Result<Self> {
        let fingerprint = fingerprint(&Origin::new("components", row.id), &row.fingerprint)?;
        Ok(Self { machine: row.machine_id.into(), fingerprint })
    }
}

fn fingerprint(origin: &Origin<Uuid>, text: &str) -> Result<Fingerprint> {
    Fingerprint::parse(text).ok_or_else(|| origin.corrupt("fingerprint is invalid"))
}
