//! The list of orders.

use latchkey_licensing::{
    money::Money,
    order::{Order, OrderStatus},
    time::Timestamp,
};
use latchkey_service::Orders;

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{Cell, LinkTo, Row},
        },
        present::words,
    },
    portal::present::when,
    routes::AdminPage,
};

impl ShownList for Orders {
    const LIST: ListName = ListName::Orders;
    const TITLE: &'static str = "Orders";
    const HINT: Option<&'static str> = Some("Start of the buyer's e-mail");
    const NOTHING_YET: (&'static str, &'static str) =
        ("No orders yet", "An order appears here when someone opens a checkout.");
    const TABLE: &'static [ShownColumn] = &[
        ShownColumn::new("Order"),
        ShownColumn::new("Status"),
        ShownColumn::new("Buyer"),
        ShownColumn::number("Total"),
        ShownColumn::number("Refunded"),
        ShownColumn::sorted("Placed", Some("oldest"), Some("newest")),
    ];

    fn filters(_: &CatalogChoices) -> Vec<ShownFilter> {
        let statuses = OrderStatus::ALL.iter().map(|status| {
            let word = words::order_status(*status).word;
            (status.as_str().to_owned(), word)
        });
        vec![
            ShownFilter { name: "status", label: "Status", options: statuses.collect() },
            ShownFilter::new("subscription", "Kind", &[("no", "One-time"), ("yes", "Subscription")]),
            ShownFilter::new("live", "Mode", &[("yes", "Live"), ("no", "Test")]),
        ]
    }

    fn row(order: &Order, now: Timestamp) -> Row {
        let money = |minor| Money { minor, currency: order.currency() }.to_string();
        let buyer = match (&order.email, order.account) {
            (Some(email), Some(account)) => Cell::Link(LinkTo::new(email.clone(), AdminPage::Customer(account).path())),
            (None, Some(account)) => Cell::Link(LinkTo::new("Account", AdminPage::Customer(account).path())),
            (Some(email), None) => Cell::Text(email.clone()),
            (None, None) => Cell::Empty,
        };
        let refunded = if order.refunded_minor == 0 { Cell::Empty } else { Cell::Number(money(order.refunded_minor)) };
        Row {
            id: order.id.to_string(),
            href: AdminPage::Order(order.id).path(),
            cells: vec![
                Cell::Code(order.number()),
                Cell::Status(words::order_status(order.status)),
                buyer,
                Cell::Number(order.total().to_string()),
                refunded,
                Cell::Time(when(order.created_at, now)),
            ],
        }
    }
}
