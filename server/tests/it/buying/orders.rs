//! Orders in the portal.

use latchkey_licensing::{
    email::EmailAddress,
    ids::OrderId,
    money::Money,
    order::{Order, OrderKind, OrderLine, OrderStatus},
};
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Fault, Payment},
};
use reqwest::StatusCode;

use crate::support::{
    app::{Browser, location},
    shop::{LIFETIME, Shop, order_in, with_shop},
};

on_both!(
    with_shop: a_customer_sees_orders_and_receipts,
    st_28_documents_are_fetched_on_click_for_their_customer_only,
    a_license_says_what_its_payment_did_to_it,
    a_license_can_be_upgraded_in_the_portal,
    many_orders_are_on_several_pages,
);

async fn text_of(browser: &Browser<'_>, path: &str) -> String {
    browser.get(path).await.text().await.expect("a page")
}

async fn a_customer_sees_orders_and_receipts(shop: &Shop) {
    let ada = shop.app.customer("ada@example.com").await;
    assert!(text_of(&ada, "/portal/orders").await.contains("No orders yet"));
    let (placed, payment) = shop.buy(&ada, "ada@example.com", "2").await;
    // An abandoned checkout is no order.
    shop.check_out(&ada, &[("price", LIFETIME), ("quantity", "5")]).await;
    let order = order_in(&placed);
    let list = text_of(&ada, "/portal/orders").await;
    assert!(list.contains("1 order") && list.contains("$298.00"), "{list}");
    assert!(list.contains("ChartGPT, Lifetime license × 2") && list.contains("Paid"), "{list}");
    let page = text_of(&ada, &format!("/portal/orders/{order}")).await;
    assert!(page.contains("$149.00") && page.contains("$298.00") && page.contains("This is a test order."), "{page}");
    assert_eq!(page.matches("<code>CGPT-••••").count(), 2, "{page}");
    let receipt = text_of(&ada, &format!("/portal/orders/{order}/receipt")).await;
    for part in ["Seller", "Buyer", "Jenny Rosen", "ada@example.com", "$298.00", "23 November 2026"] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    shop.stripe.refund(&payment, Some(9_800)).expect("refunded");
    shop.sync().await;
    let page = text_of(&ada, &format!("/portal/orders/{order}")).await;
    assert!(page.contains("Partly refunded") && page.contains("$98.00 refunded"), "{page}");
    let receipt = text_of(&ada, &format!("/portal/orders/{order}/receipt")).await;
    assert!(receipt.contains("-$98.00"), "{receipt}");
    let license = text_of(&ada, "/portal/licenses").await;
    let license = license.split("href=\"/portal/licenses/").nth(1).expect("a link").split('"').next().expect("an id");
    let page = text_of(&ada, &format!("/portal/licenses/{license}")).await;
    assert!(page.contains(&format!("/portal/orders/{order}")), "{page}");
}

/// ST-28: documents and payment settings exist only for the customer, and their addresses are not stored.
async fn st_28_documents_are_fetched_on_click_for_their_customer_only(shop: &Shop) {
    let ada = shop.app.customer("ada@example.com").await;
    let (placed, payment) = shop.buy(&ada, "ada@example.com", "1").await;
    let order = order_in(&placed);
    let page = text_of(&ada, &format!("/portal/orders/{order}")).await;
    assert!(!page.contains("pay.stripe.com") && !page.contains("invoice.stripe.com"), "{page}");
    let base = format!("/portal/orders/{order}/payments/{payment}");
    let mut seen = Vec::new();
    for document in ["receipt", "invoice", "invoice-pdf"] {
        assert!(page.contains(&format!("{base}/{document}")), "{document}: {page}");
        let answer = ada.get(&format!("{base}/{document}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{document}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        seen.push(location(&answer).to_owned());
        assert!(location(&answer).starts_with("http") && !location(&answer).starts_with(&shop.app.portal_origin()));
    }
    seen.dedup();
    assert_eq!(seen.len(), 3, "{seen:?}");
    let settings = format!("/portal/orders/{order}/payment-settings");
    let answer = ada.submit(&settings, &[]).await;
    assert!(location(&answer).starts_with(shop.stripe.base_url()), "{}", location(&answer));

    let eve = shop.app.customer("eve@example.com").await;
    let (eves, eves_payment) = shop.buy(&eve, "eve@example.com", "1").await;
    let mary = shop.app.customer("mary@example.com").await;
    for browser in [&eve, &mary] {
        for path in
            [format!("{base}/receipt"), format!("/portal/orders/{order}"), format!("/portal/orders/{order}/receipt")]
        {
            assert_eq!(browser.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(browser.submit(&settings, &[]).await.status(), StatusCode::NOT_FOUND);
    }
    // A payment of another order, and documents that do not exist.
    let others = format!("/portal/orders/{}/payments/{payment}/receipt", order_in(&eves));
    assert_eq!(eve.get(&others).await.status(), StatusCode::NOT_FOUND);
    let others = format!("/portal/orders/{order}/payments/{eves_payment}/receipt");
    assert_eq!(ada.get(&others).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ada.get(&format!("{base}/anything")).await.status(), StatusCode::NOT_FOUND);
    let stranger = shop.app.browser();
    for path in [format!("{base}/receipt"), format!("/portal/orders/{order}")] {
        let answer = stranger.get(&path).await;
        assert_eq!(location(&answer), format!("/login?next=/portal/orders/{order}"), "{path}");
    }

    shop.stripe.fail_next("/v1/", Fault::ServerError, 20);
    let answer = ada.get(&format!("{base}/receipt")).await;
    assert_eq!(location(&answer), format!("/portal/orders/{order}"));
    let page = text_of(&ada, location(&answer)).await;
    assert!(page.contains("Stripe cannot be reached at the moment."), "{page}");
}

async fn a_license_says_what_its_payment_did_to_it(shop: &Shop) {
    let ada = shop.app.customer("ada@example.com").await;
    let (placed, payment) = shop.buy(&ada, "ada@example.com", "1").await;
    let license = text_of(&ada, &format!("/portal/orders/{}", order_in(&placed))).await;
    let license = license.split("href=\"/portal/licenses/").nth(1).expect("a link").split('"').next().expect("an id");
    let path = format!("/portal/licenses/{license}");
    let dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("opened");
    shop.sync().await;
    let page = text_of(&ada, &path).await;
    assert!(page.contains("because a dispute about the payment of order"), "{page}");
    shop.stripe.close_dispute(&dispute, latchkey_testkit::stripe::Outcome::Won).expect("closed");
    shop.sync().await;
    assert!(text_of(&ada, &path).await.contains("Active"));
    shop.stripe.refund(&payment, None).expect("refunded");
    shop.sync().await;
    let page = text_of(&ada, &path).await;
    assert!(page.contains("was revoked on 23 November 2026, because order") && page.contains("was refunded"), "{page}");
}

async fn a_license_can_be_upgraded_in_the_portal(shop: &Shop) {
    let issued = shop.app.issue("ada@example.com").await;
    let license = issued.view.license.id.to_string();
    let ada = shop.app.customer("ada@example.com").await;
    let path = format!("/portal/licenses/{license}");
    let page = text_of(&ada, &path).await;
    assert!(page.contains("Upgrades") && page.contains("Team license") && page.contains("$100.00"), "{page}");
    let offer = text_of(&ada, "/checkout/new/chartgpt-team-upgrade").await;
    assert!(offer.contains(&license), "{offer}");
    let stranger = text_of(&shop.app.browser(), "/checkout/new/chartgpt-team-upgrade").await;
    assert!(stranger.contains("/login?next=/checkout/new/chartgpt-team-upgrade"), "{stranger}");

    let fields = [("price", "chartgpt-team-upgrade"), ("quantity", "1"), ("license", license.as_str())];
    let answer = shop.app.browser().submit("/checkout", &fields).await;
    assert!(location(&answer).starts_with("/checkout/new/"), "only the owner can upgrade");
    let eve = shop.app.customer("eve@example.com").await;
    let answer = eve.submit("/checkout", &fields).await;
    assert!(text_of(&eve, location(&answer)).await.contains("This license cannot be upgraded with this offer."));

    let (placed, session) = shop.check_out(&ada, &fields).await;
    shop.stripe.pay(&session, &Payment::by_card("ada@example.com")).expect("paid");
    let page = text_of(&ada, &placed).await;
    assert!(page.contains("Your license is upgraded"), "{page}");
    let page = text_of(&ada, &path).await;
    assert!(
        page.contains("Team license") && page.contains("0 of 5 computers in use") && !page.contains("Upgrades"),
        "{page}"
    );
    let order = text_of(&ada, &format!("/portal/orders/{}", order_in(&placed))).await;
    assert!(order.contains(&path), "{order}");
}

async fn many_orders_are_on_several_pages(shop: &Shop) {
    let ada = shop.app.customer("ada@example.com").await;
    shop.buy(&ada, "ada@example.com", "1").await;
    let mut tx = shop.app.service().store().write().await.expect("a transaction");
    let account =
        tx.find_account_by_email(&EmailAddress::parse("ada@example.com").expect("an address")).await.expect("read");
    let account = account.expect("an account").id;
    let sample = tx.list_orders_of(account).await.expect("read").remove(0);
    let lines = tx.list_order_lines(&[sample.id]).await.expect("read");
    let line: OrderLine = lines[0].1.clone();
    for number in 0..119_u8 {
        let id = OrderId::new(sample.created_at, [number; 10]);
        let order = Order {
            id,
            kind: OrderKind::Purchase,
            checkout: None,
            subtotal: Money::new(100 + i64::from(number), sample.currency()),
            total_minor: Some(100 + i64::from(number)),
            status: OrderStatus::Paid,
            ..sample.clone()
        };
        tx.insert_order(&order).await.expect("inserted");
        tx.insert_order_lines(id, std::slice::from_ref(&line)).await.expect("inserted");
    }
    tx.commit().await.expect("committed");
    for (path, rows, words) in [
        ("/portal/orders", 50, "Page 1 of 3"),
        ("/portal/orders?page=2", 50, "Page 2 of 3"),
        ("/portal/orders?page=3", 20, "Page 3 of 3"),
        ("/portal/orders?page=99", 20, "Page 3 of 3"),
        ("/portal/orders?page=x", 50, "Page 1 of 3"),
    ] {
        let page = text_of(&ada, path).await;
        assert_eq!(page.matches("<th scope=\"row\"").count(), rows, "{path}");
        assert!(page.contains(words) && page.contains("120 orders"), "{path}");
    }
}
