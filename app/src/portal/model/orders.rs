//! What the pages about orders show.

use latchkey_licensing::ids::{LicenseId, OrderId};
use serde::{Deserialize, Serialize};

use crate::shared::model::{RelativeTime, Status};

/// Some of the customer's orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderList {
    /// The newest first.
    pub orders: Vec<OrderSummary>,
    /// How many orders there are in all.
    pub total: usize,
    /// Which page this is, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
}

/// A line of the list of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSummary {
    pub id: OrderId,
    /// The number by which people refer to it.
    pub number: String,
    pub placed: RelativeTime,
    /// What was bought.
    pub items: String,
    pub total: String,
    pub status: Status,
}

/// An order whose subscription needs a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverdueOrder {
    pub id: OrderId,
    /// What was bought.
    pub items: String,
    /// What happened, and what to do.
    pub notice: String,
}

/// An order with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDetail {
    pub id: OrderId,
    /// The number by which people refer to it.
    pub number: String,
    pub placed: RelativeTime,
    pub status: Status,
    /// Whether it was made without real money.
    pub is_test: bool,
    pub lines: Vec<OrderItem>,
    pub totals: Totals,
    /// The licenses that the order bought or upgraded.
    pub licenses: Vec<OrderedLicense>,
    /// The oldest first.
    pub payments: Vec<PaymentLine>,
    pub subscription: Option<Subscription>,
    /// Whether the payment provider has a page for cards, address and tax ids.
    pub has_payment_settings: bool,
    pub buyer_name: Option<String>,
    pub buyer_email: Option<String>,
    /// Whether the order is paid, so that there is a receipt.
    pub has_receipt: bool,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    pub name: String,
    pub quantity: u32,
    pub unit: String,
    pub amount: String,
}

/// The sums of an order, as amounts with their currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub subtotal: String,
    pub discount: Option<String>,
    pub tax: Option<String>,
    /// Whether the prices of the lines contain the tax.
    pub includes_tax: bool,
    pub total: String,
    pub refunded: Option<String>,
}

/// A license of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedLicense {
    pub id: LicenseId,
    pub name: String,
    pub masked_key: String,
    pub status: Status,
}

/// A payment of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLine {
    pub amount: String,
    pub when: RelativeTime,
    /// The documents that the payment provider has: what they are, and where.
    pub documents: Vec<(String, String)>,
    /// Refunds and disputes, a sentence each, with their time.
    pub events: Vec<(String, RelativeTime)>,
}

/// The state of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub status: Status,
    /// Whether a renewal could not be paid, so that the payment details need to be changed.
    pub needs_payment: bool,
}
