//! What the start page offers.

use std::time::Duration;

use latchkey_service::Operator;
use latchkey_testkit::{Backend, on_both};

use crate::support::{
    app::{TestApp, run, with_app},
    shop::{Shop, with_shop},
};

on_both!(with_app: without_keys_the_start_page_says_that_sales_open_soon, the_start_page_follows_the_catalog);
on_both!(with_shop: the_start_page_sells_what_is_for_sale);

async fn start_page(app: &TestApp) -> String {
    app.browser().get("/").await.text().await.expect("a page")
}

async fn without_keys_the_start_page_says_that_sales_open_soon(app: &TestApp) {
    let page = start_page(app).await;
    for part in ["ChartGPT", "Lifetime license", "$149.00", "per license", "does not expire", "For up to 2 computers."]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("Sales open soon") && page.contains("ask the seller of your license"), "{page}");
    assert!(!page.contains("<form") && !page.contains("<script"), "{page}");
    assert!(page.contains("class=\"title-2\">ChartGPT"), "the only offer is headed by its product: {page}");
    assert!(page.contains("href=\"/portal\"") && page.contains(">Your licenses"), "{page}");
}

async fn the_start_page_follows_the_catalog(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    let (mut file, _) = admin.catalog().await.expect("read");
    assert!(start_page(app).await.contains("$149.00"));
    file.prices[0].amount = Some(9_900);
    app.apply_catalog(&file).await;
    assert!(start_page(app).await.contains("$149.00"), "requests do not read the prices");
    app.kit.clock.advance(Duration::from_secs(5));
    let changed = start_page(app).await;
    assert!(changed.contains("$99.00") && !changed.contains("$149.00"), "{changed}");
    file.prices.clear();
    app.apply_catalog(&file).await;
    app.kit.clock.advance(Duration::from_secs(5));
    let empty = start_page(app).await;
    assert!(!empty.contains("Sales open soon") && empty.contains("See your license key"), "{empty}");
}

async fn the_start_page_sells_what_is_for_sale(shop: &Shop) {
    let answer = shop.app.browser().get("/").await;
    let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains(&format!("form-action 'self' {};", shop.stripe.base_url())), "{policy}");
    let page = answer.text().await.expect("a page");
    assert!(page.contains("action=\"/checkout\"") && page.contains("value=\"chartgpt-lifetime\""), "{page}");
    assert!(page.contains("name=\"quantity\"") && page.contains("max=\"10\""), "{page}");
    assert_eq!(page.matches("<form").count(), 1, "one price is for sale: {page}");
    for policy in ["Lifetime license", "Team license"] {
        assert!(
            page.contains(&format!("class=\"title-2\">{policy}")),
            "offers of one product are headed by their policies: {page}"
        );
    }
    assert!(page.contains("Sales open soon"), "a price without an amount is not for sale");
    assert!(!page.contains("$100.00"), "upgrades are not for everyone");
    assert!(!page.contains("<script"));
}

#[test]
fn a_site_without_a_portal_links_to_the_offer() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.server.surfaces = serde_json::from_value("site".into()).expect("surfaces");
            settings.server.portal_url = Some("https://portal.example.com".to_owned());
        })
        .await;
        let page = start_page(&app).await;
        // Without keys nothing is for sale, so there is no link either.
        assert!(page.contains("Sales open soon") && !page.contains("/checkout"), "{page}");
    });
}
