//! Payments of orders, with their refunds and disputes.

use std::collections::BTreeMap;

use latchkey_licensing::{ids::OrderId, time::Timestamp};
use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::billing::order_payments::{DisputeRow, PaymentRow, RefundRow, StoredDispute, StoredPayment, StoredRefund},
};

/// Replaces what is stored. Deleting a payment deletes its refunds and disputes.
pub(crate) async fn set_order_payments(
    conn: &mut Connection,
    order: OrderId,
    payments: &[StoredPayment],
) -> Result<()> {
    sqlx::query("DELETE FROM order_payments WHERE order_id = $1").bind(order.uuid()).execute(&mut *conn).await?;
    for batch in payments.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO order_payments (id, order_id, paid_minor, paid_at, invoice, period_ends_at) ",
        );
        query.push_values(batch, |mut row, payment| {
            row.push_bind(payment.id.as_str())
                .push_bind(order.uuid())
                .push_bind(payment.paid_minor)
                .push_bind(payment.paid_at.unix_micros())
                .push_bind(payment.invoice.as_deref())
                .push_bind(payment.period_ends_at.map(Timestamp::unix_micros));
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    let refunds: Vec<(&str, &StoredRefund)> = payments
        .iter()
        .flat_map(|payment| payment.refunds.iter().map(|refund| (payment.id.as_str(), refund)))
        .collect();
    for batch in refunds.chunks(batch::ROWS) {
        let mut query =
            QueryBuilder::<Db>::new("INSERT INTO order_refunds (id, payment_id, amount_minor, state, created_at) ");
        query.push_values(batch, |mut row, (payment, refund)| {
            row.push_bind(refund.id.as_str())
                .push_bind(*payment)
                .push_bind(refund.amount_minor)
                .push_bind(refund.state.as_str())
                .push_bind(refund.created_at.unix_micros());
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    let disputes: Vec<(&str, &StoredDispute)> = payments
        .iter()
        .flat_map(|payment| payment.disputes.iter().map(|dispute| (payment.id.as_str(), dispute)))
        .collect();
    for batch in disputes.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO order_disputes (id, payment_id, amount_minor, state, reason, due_at, created_at) ",
        );
        query.push_values(batch, |mut row, (payment, dispute)| {
            row.push_bind(dispute.id.as_str())
                .push_bind(*payment)
                .push_bind(dispute.amount_minor)
                .push_bind(dispute.state.as_str())
                .push_bind(dispute.reason.as_str())
                .push_bind(dispute.due_at.map(Timestamp::unix_micros))
                .push_bind(dispute.created_at.unix_micros());
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn list_order_payments(
    conn: &mut Connection,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, StoredPayment)>> {
    let mut payments = Vec::new();
    for ids in orders.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(
            "SELECT id, order_id, paid_minor, paid_at, invoice, period_ends_at FROM order_payments WHERE order_id IN ",
        );
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY order_id, paid_at, id");
        let rows: Vec<PaymentRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        let mut refunds: BTreeMap<String, Vec<StoredRefund>> = BTreeMap::new();
        let mut query = QueryBuilder::<Db>::new(
            "SELECT id, payment_id, amount_minor, state, created_at FROM order_refunds
             WHERE payment_id IN (SELECT id FROM order_payments WHERE order_id IN ",
        );
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(") ORDER BY created_at, id");
        let refund_rows: Vec<RefundRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in refund_rows {
            refunds.entry(row.payment_id.clone()).or_default().push(row.try_into()?);
        }
        let mut disputes: BTreeMap<String, Vec<StoredDispute>> = BTreeMap::new();
        let mut query = QueryBuilder::<Db>::new(
            "SELECT id, payment_id, amount_minor, state, reason, due_at, created_at FROM order_disputes
             WHERE payment_id IN (SELECT id FROM order_payments WHERE order_id IN ",
        );
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(") ORDER BY created_at, id");
        let dispute_rows: Vec<DisputeRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in dispute_rows {
            disputes.entry(row.payment_id.clone()).or_default().push(row.try_into()?);
        }
        for row in rows {
            let (order, mut payment) = row.payment();
            payment.refunds = refunds.remove(&payment.id).unwrap_or_default();
            payment.disputes = disputes.remove(&payment.id).unwrap_or_default();
            payments.push((order, payment));
        }
    }
    Ok(payments)
}
