//! Reminders that a license expires soon. Each is recorded, so that it is sent only once.

use latchkey_licensing::{ids::LicenseId, time::Timestamp};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::{
        self,
        licenses::license_notices::{EndingLicense, EndingLicenseRow, EndingSearch},
    },
};

/// Without the licenses of subscriptions that will be renewed, and without those of deleted accounts.
pub(crate) async fn list_ending_licenses(
    conn: &mut Connection,
    search: &EndingSearch<'_>,
    limit: i64,
) -> Result<Vec<EndingLicense>> {
    let sql = "SELECT licenses.id, licenses.policy_id, licenses.key_prefix, licenses.key_tail, licenses.expires_at,
                   accounts.email
               FROM licenses
               JOIN accounts ON accounts.id = licenses.account_id
               JOIN policies ON policies.id = licenses.policy_id
               WHERE licenses.expires_at > $1 AND licenses.expires_at <= $2
                 AND licenses.suspended_at IS NULL AND licenses.revoked_at IS NULL AND accounts.disabled_at IS NULL
                 AND accounts.email NOT LIKE '%@deleted.invalid'
                 AND licenses.created_at <= licenses.expires_at - $3
                 AND (policies.duration_us IS NULL OR policies.duration_us >= $4)
                 AND NOT EXISTS (
                     SELECT 1 FROM order_licenses JOIN orders ON orders.id = order_licenses.order_id
                     WHERE order_licenses.license_id = licenses.id
                       AND orders.subscription_state IN ('active', 'trialing') AND NOT orders.is_canceled_at_period_end
                 )
                 AND NOT EXISTS (
                     SELECT 1 FROM license_notices
                     WHERE license_notices.license_id = licenses.id AND license_notices.kind = $5
                       AND license_notices.expires_at = licenses.expires_at
                 )
               ORDER BY licenses.expires_at, licenses.id LIMIT $6";
    let rows: Vec<EndingLicenseRow> = sqlx::query_as(sql)
        .bind(search.after.unix_micros())
        .bind(search.until.unix_micros())
        .bind(tables::micros(search.lead))
        .bind(tables::micros(search.min_duration))
        .bind(search.kind)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(EndingLicense::try_from).collect()
}

/// On PostgreSQL, a concurrent transaction that records the same reminders makes this one wait. It then records
/// nothing.
pub(crate) async fn insert_license_notices(
    conn: &mut Connection,
    kind: &str,
    ending: &[(LicenseId, Timestamp)],
    now: Timestamp,
) -> Result<Vec<LicenseId>> {
    let mut recorded = Vec::with_capacity(ending.len());
    for batch in ending.chunks(batch::ROWS) {
        let mut query =
            QueryBuilder::<Db>::new("INSERT INTO license_notices (license_id, kind, expires_at, noticed_at) ");
        query.push_values(batch, |mut row, (license, expires_at)| {
            row.push_bind(license.uuid())
                .push_bind(kind)
                .push_bind(expires_at.unix_micros())
                .push_bind(now.unix_micros());
        });
        query.push(" ON CONFLICT (license_id, kind, expires_at) DO NOTHING RETURNING license_id");
        let ids: Vec<Uuid> = query.build_query_scalar().persistent(false).fetch_all(&mut *conn).await?;
        recorded.extend(ids.into_iter().map(LicenseId::from));
    }
    Ok(recorded)
}
