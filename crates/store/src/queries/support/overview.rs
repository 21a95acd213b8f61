//! Numbers about everything, and over time. Days are in UTC.

use latchkey_licensing::time::Timestamp;

use super::super::dialect::Connection;
use crate::{
    error::Result,
    tables::support::overview::{
        Attention, AttentionTimes, DailyCount, DailyMoney, DailyMoneyRow, Gauges, OpenDispute, OpenDisputeRow,
    },
};

pub(crate) async fn find_attention(conn: &mut Connection, times: AttentionTimes) -> Result<Attention> {
    let sql = "SELECT (SELECT COUNT(*) FROM stripe_events WHERE state = 'failed') AS failed_events,
                   (SELECT COUNT(*) FROM orders WHERE status = 'held') AS held_orders,
                   (SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL AND created_at < $1
                       AND kind <> 'decoy') AS stuck_mails,
                   (SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL AND failed_at >= $2 AND kind <> 'decoy')
                       AS failed_mails,
                   (SELECT COUNT(*) FROM order_disputes WHERE state IN ('inquiry', 'open')) AS open_disputes,
                   (SELECT COUNT(*) FROM licenses WHERE expires_at >= $3 AND expires_at < $4 AND suspended_at IS NULL
                       AND revoked_at IS NULL) AS expiring_licenses,
                   (SELECT COUNT(*) FROM outages WHERE ended_at >= $2) AS outages";
    Ok(sqlx::query_as(sql)
        .bind(times.stuck_before.unix_micros())
        .bind(times.since.unix_micros())
        .bind(times.now.unix_micros())
        .bind(times.until.unix_micros())
        .fetch_one(conn)
        .await?)
}

pub(crate) async fn list_open_disputes(conn: &mut Connection, limit: i64) -> Result<Vec<OpenDispute>> {
    let sql = "SELECT order_disputes.id, order_payments.order_id, order_disputes.amount_minor, orders.currency,
                   order_disputes.state, order_disputes.reason, order_disputes.due_at
               FROM order_disputes JOIN order_payments ON order_payments.id = order_disputes.payment_id
                   JOIN orders ON orders.id = order_payments.order_id
               WHERE order_disputes.state IN ('inquiry', 'open')
               ORDER BY CASE WHEN order_disputes.due_at IS NULL THEN 1 ELSE 0 END, order_disputes.due_at, order_disputes.id
               LIMIT $1";
    let rows: Vec<OpenDisputeRow> = sqlx::query_as(sql).bind(limit).fetch_all(conn).await?;
    rows.into_iter().map(OpenDispute::try_from).collect()
}

pub(crate) async fn find_gauges(conn: &mut Connection, now: Timestamp) -> Result<Gauges> {
    let sql = "SELECT (SELECT COUNT(*) FROM accounts WHERE role = 'customer') AS accounts,
                   (SELECT COUNT(*) FROM licenses) AS licenses,
                   (SELECT COUNT(*) FROM licenses WHERE suspended_at IS NULL AND revoked_at IS NULL
                       AND (expires_at IS NULL OR expires_at > $1)) AS active_licenses,
                   (SELECT COUNT(*) FROM machines WHERE deactivated_at IS NULL) AS active_machines";
    Ok(sqlx::query_as(sql).bind(now.unix_micros()).fetch_one(conn).await?)
}

pub(crate) async fn list_daily_counts(
    conn: &mut Connection,
    what: DailyCount,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(i64, i64)>> {
    macro_rules! by_day {
        ($table:literal, $column:literal, $more:literal) => {
            concat!(
                "SELECT ",
                $column,
                " / 86400000000 AS day, COUNT(*) FROM ",
                $table,
                " WHERE ",
                $column,
                " >= $1 AND ",
                $column,
                " < $2",
                $more,
                " GROUP BY ",
                $column,
                " / 86400000000 ORDER BY day"
            )
        };
    }
    let sql = match what {
        DailyCount::NewAccounts => by_day!("accounts", "created_at", " AND role = 'customer'"),
        DailyCount::NewLicenses => by_day!("licenses", "created_at", ""),
        DailyCount::Activations => by_day!("machines", "created_at", ""),
        DailyCount::Deactivations => by_day!("machines", "deactivated_at", ""),
        DailyCount::Expiries => {
            by_day!("licenses", "expires_at", " AND suspended_at IS NULL AND revoked_at IS NULL")
        }
    };
    Ok(sqlx::query_as(sql).bind(from.unix_micros()).bind(until.unix_micros()).fetch_all(conn).await?)
}

pub(crate) async fn list_daily_money(
    conn: &mut Connection,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<DailyMoney>> {
    let sql = "SELECT day, is_live, currency, CAST(SUM(paid) AS BIGINT) AS paid_minor,
                   CAST(SUM(refunded) AS BIGINT) AS refunded_minor
               FROM (SELECT order_payments.paid_at / 86400000000 AS day, orders.is_live, orders.currency,
                         order_payments.paid_minor AS paid, 0 AS refunded
                     FROM order_payments JOIN orders ON orders.id = order_payments.order_id
                     WHERE order_payments.paid_at >= $1 AND order_payments.paid_at < $2
                     UNION ALL
                     SELECT order_refunds.created_at / 86400000000 AS day, orders.is_live, orders.currency,
                         0 AS paid, order_refunds.amount_minor AS refunded
                     FROM order_refunds JOIN order_payments ON order_payments.id = order_refunds.payment_id
                         JOIN orders ON orders.id = order_payments.order_id
                     WHERE order_refunds.created_at >= $1 AND order_refunds.created_at < $2
                       AND order_refunds.state IN ('pending', 'succeeded')) AS money
               GROUP BY day, is_live, currency ORDER BY day, currency";
    let rows: Vec<DailyMoneyRow> =
        sqlx::query_as(sql).bind(from.unix_micros()).bind(until.unix_micros()).fetch_all(conn).await?;
    rows.into_iter().map(DailyMoney::try_from).collect()
}
