//! Licenses of orders.

use latchkey_licensing::{
    ids::{LicenseId, OrderId},
    order::OrderedLicense,
};
use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
    expect::expect_one,
};
use crate::{
    error::Result,
    tables::{billing::order_licenses::OrderLicenseRow, licenses::standing_columns},
};

const COLUMNS: &str = "SELECT order_id, line, unit, license_id, decision_suspended_at, decision_revoked_at,
                           payment_suspended_at, payment_revoked_at
                       FROM order_licenses ";

pub(crate) async fn insert_order_licenses(conn: &mut Connection, licenses: &[OrderedLicense]) -> Result<()> {
    for batch in licenses.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO order_licenses (order_id, line, unit, license_id, decision_suspended_at, decision_revoked_at,
                 payment_suspended_at, payment_revoked_at) ",
        );
        query.push_values(batch, |mut row, license| {
            let (decision_suspended_at, decision_revoked_at) = standing_columns(license.decision);
            let (payment_suspended_at, payment_revoked_at) = standing_columns(license.payments);
            row.push_bind(license.order.uuid())
                .push_bind(i64::from(license.line))
                .push_bind(i64::from(license.unit))
                .push_bind(license.license.uuid())
                .push_bind(decision_suspended_at)
                .push_bind(decision_revoked_at)
                .push_bind(payment_suspended_at)
                .push_bind(payment_revoked_at);
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn update_order_license(conn: &mut Connection, license: &OrderedLicense) -> Result<()> {
    let (decision_suspended_at, decision_revoked_at) = standing_columns(license.decision);
    let (payment_suspended_at, payment_revoked_at) = standing_columns(license.payments);
    let sql =
        "UPDATE order_licenses SET decision_suspended_at = $2, decision_revoked_at = $3, payment_suspended_at = $4,
                   payment_revoked_at = $5
               WHERE license_id = $1";
    let done = sqlx::query(sql)
        .bind(license.license.uuid())
        .bind(decision_suspended_at)
        .bind(decision_revoked_at)
        .bind(payment_suspended_at)
        .bind(payment_revoked_at)
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "order_licenses", license.license)
}

pub(crate) async fn list_order_licenses(conn: &mut Connection, orders: &[OrderId]) -> Result<Vec<OrderedLicense>> {
    let mut licenses = Vec::new();
    for ids in orders.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(COLUMNS);
        query.push("WHERE order_id IN ");
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY order_id, line, unit");
        let rows: Vec<OrderLicenseRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            licenses.push(row.try_into()?);
        }
    }
    Ok(licenses)
}

pub(crate) async fn list_order_licenses_of(
    conn: &mut Connection,
    licenses: &[LicenseId],
) -> Result<Vec<OrderedLicense>> {
    let mut found = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(COLUMNS);
        query.push("WHERE license_id IN ");
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        let rows: Vec<OrderLicenseRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}

pub(crate) async fn find_order_license(conn: &mut Connection, license: LicenseId) -> Result<Option<OrderedLicense>> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push("WHERE license_id = ").push_bind(license.uuid());
    let row: Option<OrderLicenseRow> = query.build_query_as().fetch_optional(conn).await?;
    row.map(OrderedLicense::try_from).transpose()
}
