//! Entitlements in the catalog.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
pub(crate) struct EntitlementRow {
    id: Uuid,
    code: String,
    name: String,
    created_at: i64,
    updated_at: i64,
}

/// Parses the stored code of the entitlement `id`.
pub(crate) fn code(id: Uuid, text: &str) -> Result<EntitlementCode> {
    EntitlementCode::parse(text).ok_or_else(|| Origin::new("entitlements", id).corrupt("code is invalid"))
}

impl TryFrom<EntitlementRow> for Entitlement {
    type Error = StoreError;

    fn try_from(row: EntitlementRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            code: code(row.id, &row.code)?,
            name: row.name,
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
        })
    }
}
