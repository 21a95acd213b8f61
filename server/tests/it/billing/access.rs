//! Who sees an order and its documents.

use std::time::Duration;

use latchkey_service::{BrowserSecret, CustomerOrderError, Operator, PlacedOrderError};
use latchkey_store::OrderSearch;
use latchkey_testkit::on_both;

use super::{ParseAddress, with_shop};
use crate::support::shop::Shop;

on_both!(
    with_shop: st_11_only_the_buyer_sees_the_order,
    st_28_documents_are_for_the_customer_of_the_order,
    admins_find_orders_by_number_and_address,
);

async fn st_11_only_the_buyer_sees_the_order(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    let other = shop.buy_by_card("eve@example.com", 1).await;
    shop.deliver().await;
    let eve = shop.sign_in("eve@example.com").await;
    let ada = shop.sign_in("ada@example.com").await;
    let guessed = BrowserSecret::parse(&"A".repeat(43)).expect("the form of a secret");
    for (who, browser) in
        [(None, None), (None, Some(&guessed)), (None, Some(&other.browser)), (Some(&eve), Some(&other.browser))]
    {
        let refused = shop.service().placed_order(started.order, who, browser).await;
        assert!(matches!(refused, Err(PlacedOrderError::NotFound)), "{refused:?}");
    }
    for (who, browser) in [(None, Some(&started.browser)), (Some(&ada), None), (Some(&eve), Some(&started.browser))] {
        let placed = shop.service().placed_order(started.order, who, browser).await.expect("shown");
        assert_eq!(placed.licenses.len(), 1);
    }
    // A browser that is not signed in sees it for a day.
    shop.app.kit.clock.advance(Duration::from_hours(25));
    let late = shop.service().placed_order(started.order, None, Some(&started.browser)).await;
    assert!(matches!(late, Err(PlacedOrderError::NotFound)), "{late:?}");
    shop.service().placed_order(started.order, Some(&ada), None).await.expect("shown");
}

async fn st_28_documents_are_for_the_customer_of_the_order(shop: &Shop) {
    let emails = ["ada@example.com", "eve@example.com", "bob@example.com"];
    let mut people = Vec::new();
    for email in emails {
        let order = shop.buy_by_card(email, 1).await.order;
        shop.deliver().await;
        people.push((shop.sign_in(email).await, order, shop.payment(order).await));
    }
    for (at, (who, own, own_payment)) in people.iter().enumerate() {
        let customer = shop.service().customer(who);
        let links = customer.receipt_links(*own, own_payment).await.expect("links");
        assert!(links.receipt.is_some() && links.invoice.is_some());
        assert!(customer.payment_settings(*own).await.expect("a page").starts_with("http"));
        assert_eq!(customer.orders().await.expect("read").len(), 1);
        for (_, order, payment) in people.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, person)| person)
        {
            assert!(matches!(customer.order(*order).await, Err(CustomerOrderError::NotFound)));
            assert!(matches!(customer.receipt_links(*order, payment).await, Err(CustomerOrderError::NotFound)));
            assert!(matches!(customer.receipt_links(*own, payment).await, Err(CustomerOrderError::NotFound)));
            assert!(matches!(customer.payment_settings(*order).await, Err(CustomerOrderError::NotFound)));
        }
    }
}

async fn admins_find_orders_by_number_and_address(shop: &Shop) {
    let ada = shop.buy_by_card("Ada@Example.com", 1).await.order;
    let eve = shop.buy_by_card("eve@example.com", 1).await.order;
    shop.deliver().await;
    let admin = shop.service().admin(Operator::Host);
    for order in [ada, eve] {
        let number = shop.order(order).await.number();
        for text in [number.clone(), number.to_lowercase(), number.replace('-', " ")] {
            assert_eq!(admin.orders_with_number(&text).await.expect("read"), [order], "{text}");
        }
    }
    for other in ["0000-0000", "", "7F3K", "%"] {
        assert_eq!(admin.orders_with_number(other).await.expect("read"), [], "{other}");
    }
    for (email, wanted) in [("ada@example.com", vec![ada]), ("eve@example.com", vec![eve]), ("bob@example.com", vec![])]
    {
        let filter = OrderSearch { email: Some(email.parse_address()), ..OrderSearch::default() };
        let found = admin.orders(&filter, None, 10).await.expect("read").items;
        assert_eq!(found.into_iter().map(|order| order.id).collect::<Vec<_>>(), wanted, "{email}");
    }
}
