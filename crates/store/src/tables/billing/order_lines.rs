//! Lines of orders.

use latchkey_licensing::{ids::OrderId, order::OrderLine};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
pub(crate) struct OrderLineRow {
    order_id: Uuid,
    number: i64,
    price_code: String,
    stripe_price: String,
    policy_id: Uuid,
    quantity: i64,
    unit_minor: i64,
}

impl TryFrom<OrderLineRow> for (OrderId, OrderLine) {
    type Error = StoreError;

    fn try_from(row: OrderLineRow) -> Result<Self> {
        let origin = Origin::new("order_lines", row.order_id);
        let line = OrderLine {
            number: origin.count(row.number)?,
            price_code: row.price_code,
            stripe_price: row.stripe_price,
            policy: row.policy_id.into(),
            quantity: origin.count(row.quantity)?,
            unit_minor: row.unit_minor,
        };
        Ok((row.order_id.into(), line))
    }
}
