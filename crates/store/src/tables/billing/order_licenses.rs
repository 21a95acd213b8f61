//! Licenses of orders.

use latchkey_licensing::{
    ids::{LicenseId, OrderId},
    license::Standing,
    order::OrderedLicense,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
pub(crate) struct OrderLicenseRow {
    order_id: Uuid,
    line: i64,
    unit: i64,
    license_id: Uuid,
    decision_suspended_at: Option<i64>,
    decision_revoked_at: Option<i64>,
    payment_suspended_at: Option<i64>,
    payment_revoked_at: Option<i64>,
}

impl TryFrom<OrderLicenseRow> for OrderedLicense {
    type Error = StoreError;

    fn try_from(row: OrderLicenseRow) -> Result<Self> {
        let origin = Origin::new("order_licenses", row.license_id);
        let standing = |suspended_at: Option<i64>, revoked_at: Option<i64>| match (suspended_at, revoked_at) {
            (None, None) => Ok(Standing::Good),
            (Some(at), None) => Ok(Standing::Suspended(Timestamp::from_unix_micros(at))),
            (None, Some(at)) => Ok(Standing::Revoked(Timestamp::from_unix_micros(at))),
            (Some(_), Some(_)) => Err(origin.corrupt("the license is both suspended and revoked")),
        };
        Ok(Self {
            order: OrderId::from(row.order_id),
            line: origin.count(row.line)?,
            unit: origin.count(row.unit)?,
            license: LicenseId::from(row.license_id),
            decision: standing(row.decision_suspended_at, row.decision_revoked_at)?,
            payments: standing(row.payment_suspended_at, row.payment_revoked_at)?,
        })
    }
}
