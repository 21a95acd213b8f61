//! The list of orders.

use latchkey_licensing::{
    order::{HoldReason, Order, OrderStatus},
    time::Timestamp,
};
use latchkey_store::{Conn, OrderFilter, OrderSort, PageRequest, Slice, StoreError};

use crate::desk::{
    csv::Cell,
    lists::{
        FieldContext, List,
        fields::{self, FieldError},
    },
};

/// The list of orders.
#[derive(Clone, Copy, Debug)]
pub struct Orders;

impl List for Orders {
    const NAME: &'static str = "orders";
    const FIELDS: &'static [&'static str] = &["q", "status", "account", "live", "subscription", "from", "to"];
    const SORTS: &'static [(&'static str, OrderSort)] = &[("newest", OrderSort::Newest), ("oldest", OrderSort::Oldest)];
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "number",
        "status",
        "hold",
        "email",
        "account_id",
        "live",
        "subscription",
        "currency",
        "subtotal_minor",
        "total_minor",
        "tax_minor",
        "discount_minor",
        "paid_minor",
        "refunded_minor",
        "stripe_checkout",
        "stripe_customer",
        "stripe_subscription",
        "created_at",
        "paid_at",
        "delivered_at",
    ];
    type Filter = OrderFilter;
    type Sort = OrderSort;
    type Row = Order;

    fn set(filter: &mut OrderFilter, field: &str, value: &str, _: &FieldContext) -> Result<(), FieldError> {
        match field {
            "q" => filter.text = fields::text(field, value)?,
            "status" => {
                let words = OrderStatus::ALL.iter().map(|status| status.as_str());
                filter.status = fields::word(field, value, OrderStatus::parse, words)?;
            }
            "account" => filter.account = fields::id(field, value)?,
            "live" => filter.is_live = fields::flag(field, value)?,
            "subscription" => filter.is_subscription = fields::flag(field, value)?,
            "from" => fields::from(field, value, &mut filter.created)?,
            "to" => fields::to(field, value, &mut filter.created)?,
            _ => return Err(FieldError::unknown(field, Self::FIELDS)),
        }
        Ok(())
    }

    async fn page(
        conn: &mut Conn,
        filter: &OrderFilter,
        sort: OrderSort,
        page: &PageRequest,
    ) -> Result<Slice<Order>, StoreError> {
        conn.list_orders_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &OrderFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_orders_by(filter, at_most).await
    }

    fn cells(order: &Order, _: Timestamp) -> Vec<Cell> {
        vec![
            Cell::Text(order.id.to_string()),
            Cell::Text(order.number()),
            Cell::text(Some(order.status.as_str())),
            Cell::text(order.hold.map(HoldReason::as_str)),
            Cell::text(order.email.as_deref()),
            order.account.map_or(Cell::Empty, |account| Cell::Text(account.to_string())),
            Cell::Flag(order.is_live),
            Cell::Flag(order.is_subscription),
            Cell::Text(order.currency().to_string()),
            Cell::Number(order.subtotal.minor),
            order.total_minor.map_or(Cell::Empty, Cell::Number),
            Cell::Number(order.tax_minor),
            Cell::Number(order.discount_minor),
            Cell::Number(order.paid_minor),
            Cell::Number(order.refunded_minor),
            Cell::text(order.checkout.as_deref()),
            Cell::text(order.customer.as_deref()),
            Cell::text(order.subscription.as_ref().map(|subscription| subscription.id.as_str())),
            Cell::Time(order.created_at),
            Cell::time(order.paid_at),
            Cell::time(order.delivered_at),
        ]
    }
}
