//! Lines of orders.

use latchkey_licensing::{
    ids::{OrderId, PolicyId},
    order::OrderLine,
};
use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{error::Result, tables::billing::order_lines::OrderLineRow};

pub(crate) async fn insert_order_lines(conn: &mut Connection, order: OrderId, lines: &[OrderLine]) -> Result<()> {
    for batch in lines.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO order_lines (order_id, number, price_code, stripe_price, policy_id, quantity, unit_minor) ",
        );
        query.push_values(batch, |mut row, line| {
            row.push_bind(order.uuid())
                .push_bind(i64::from(line.number))
                .push_bind(line.price_code.as_str())
                .push_bind(line.stripe_price.as_str())
                .push_bind(line.policy.uuid())
                .push_bind(i64::from(line.quantity))
                .push_bind(line.unit_minor);
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn list_order_lines(conn: &mut Connection, orders: &[OrderId]) -> Result<Vec<(OrderId, OrderLine)>> {
    let mut lines = Vec::new();
    for ids in orders.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(
            "SELECT order_id, number, price_code, stripe_price, policy_id, quantity, unit_minor FROM order_lines
             WHERE order_id IN ",
        );
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY order_id, number");
        let rows: Vec<OrderLineRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            lines.push(row.try_into()?);
        }
    }
    Ok(lines)
}

pub(crate) async fn count_order_lines_for(conn: &mut Connection, policy: PolicyId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM order_lines WHERE policy_id = $1";
    Ok(sqlx::query_scalar(sql).bind(policy.uuid()).fetch_one(conn).await?)
}
