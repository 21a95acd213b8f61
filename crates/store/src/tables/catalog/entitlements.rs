//! Entitlements in the catalog.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, LicenseId, PolicyId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::{Origin, methods},
};

#[derive(sqlx::FromRow)]
pub(crate) struct EntitlementRow {
    id: Uuid,
    code: String,
    name: String,
    created_at: i64,
    updated_at: i64,
}

/// The code of an entitlement.
pub(crate) fn code(id: Uuid, text: &str) -> Result<EntitlementCode> {
    EntitlementCode::parse(text).ok_or_else(|| Origin::new("entitlements", id).corrupt("code is not a code"))
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

methods! {
    entitlements:
    read {
        /// The id at position `skipped` of a license's and its policy's entitlements, by id.
        entitlement_at(license: LicenseId, policy: PolicyId, skipped: i64) -> Option<EntitlementId>;
        /// All entitlements in the catalog, by code.
        list_all_entitlements() -> Vec<Entitlement>;
        /// Entitlements of a license and of its policy, by id, after `after`.
        list_entitlements(license: LicenseId, policy: PolicyId, after: Option<EntitlementId>, limit: i64) -> Vec<Entitlement>;
    }
    write {
        update_entitlement(entitlement: &Entitlement) -> ();
        /// Deletes an unused entitlement.
        delete_entitlement(id: EntitlementId) -> ();
        insert_entitlement(entitlement: &Entitlement) -> ();
    }
}
