//! The list of orders.

use latchkey_licensing::{
    ids::AccountId,
    order::{Order, OrderStatus},
};

use super::{TimeRange, keyset::Position};

/// Which orders to list. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// What the buyer's address begins with, ignoring case.
    pub text: Option<String>,
    pub account: Option<AccountId>,
    pub status: Option<OrderStatus>,
    pub is_live: Option<bool>,
    pub is_subscription: Option<bool>,
    pub created: TimeRange,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderSort {
    #[default]
    Newest,
    Oldest,
}

pub(crate) fn position(order: &Order) -> Position {
    Position::of_id(order.id.uuid())
}
