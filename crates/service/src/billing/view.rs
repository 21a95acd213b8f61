//! Orders with the data that is shown with them.

use std::collections::BTreeMap;

use latchkey_licensing::{
    ids::{LicenseId, OrderId, PolicyId},
    order::{Order, OrderLine, number_bytes},
    policy::Policy,
    product::Product,
};
use latchkey_store::{Conn, OrderSearch, Page, StoredPayment};

use crate::{error::Internal, identity::actors::Support, service::Service};

/// An order with its lines, licenses and payments.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// Its lines.
    pub lines: Vec<OrderLineView>,
    /// Its payments, the oldest first.
    pub payments: Vec<StoredPayment>,
}

/// A line of an order.
#[derive(Clone, Debug)]
pub struct OrderLineView {
    /// The line.
    pub line: OrderLine,
    /// The policy that is bought.
    pub policy: Policy,
    /// The product.
    pub product: Product,
    /// The licenses, by unit.
    pub licenses: Vec<LicenseId>,
}

impl Service {
    /// Orders with their lines, licenses and payments. The number of statements does not grow with the number of orders.
    pub(crate) async fn view_orders(&self, conn: &mut Conn, orders: Vec<Order>) -> Result<Vec<OrderView>, Internal> {
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let mut lines: BTreeMap<OrderId, Vec<OrderLine>> = BTreeMap::new();
        for (order, line) in conn.list_order_lines(&ids).await? {
            lines.entry(order).or_default().push(line);
        }
        let mut licenses: BTreeMap<(OrderId, u32), Vec<LicenseId>> = BTreeMap::new();
        for ordered in conn.list_order_licenses(&ids).await? {
            licenses.entry((ordered.order, ordered.line)).or_default().push(ordered.license);
        }
        let mut payments: BTreeMap<OrderId, Vec<StoredPayment>> = BTreeMap::new();
        for (order, payment) in conn.list_order_payments(&ids).await? {
            payments.entry(order).or_default().push(payment);
        }
        let policies: BTreeMap<PolicyId, Policy> =
            conn.list_policies().await?.into_iter().map(|policy| (policy.id, policy)).collect();
        let products = conn.list_products().await?;
        let mut views = Vec::with_capacity(orders.len());
        for order in orders {
            let mut of_order = Vec::new();
            for line in lines.remove(&order.id).unwrap_or_default() {
                let policy = policies.get(&line.policy).cloned();
                let policy = policy.ok_or(Internal::Invariant("the policy of an order does not exist"))?;
                let product = products.iter().find(|product| product.id == policy.product).cloned();
                let product = product.ok_or(Internal::Invariant("the product of an order does not exist"))?;
                let licenses = licenses.remove(&(order.id, line.number)).unwrap_or_default();
                of_order.push(OrderLineView { line, policy, product, licenses });
            }
            let payments = payments.remove(&order.id).unwrap_or_default();
            views.push(OrderView { order, lines: of_order, payments });
        }
        Ok(views)
    }
}

impl Support<'_> {
    /// Orders, the newest first.
    pub async fn orders(
        &self,
        filter: &OrderSearch,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Page<Order, OrderId>, Internal> {
        let mut reader = self.service.store().read_without_snapshot().await?;
        Ok(reader.list_orders(filter, before, limit).await?)
    }

    /// The ids of the orders with a number, such as `7F3K-9QXM`. Almost always at most one.
    pub async fn orders_with_number(&self, number: &str) -> Result<Vec<OrderId>, Internal> {
        let Some(number) = number_bytes(number) else {
            return Ok(Vec::new());
        };
        let mut reader = self.service.store().read_without_snapshot().await?;
        Ok(reader.list_orders_numbered(number).await?)
    }

    /// An order with its lines, licenses and payments.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderView>, Internal> {
        let mut reader = self.service.store().read().await?;
        match reader.find_order(id).await? {
            Some(order) => Ok(self.service.view_orders(&mut reader, vec![order]).await?.pop()),
            None => Ok(None),
        }
    }
}
