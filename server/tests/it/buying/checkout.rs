//! The pages around a checkout.

use std::time::Duration;

use latchkey_service::{Notify, Operator};
use latchkey_testkit::{
    Backend, on_both,
    stripe::{Fault, Method, Payment},
};
use reqwest::{StatusCode, header};

use crate::support::{
    app::{Browser, TestApp, essence, location, run, with_app},
    shop::{LIFETIME, Shop, order_in, with_shop},
};

on_both!(with_app: without_keys_nothing_can_be_bought);
on_both!(
    with_shop: a_buyer_sees_the_key_in_the_same_browser,
    st_11_an_order_is_shown_to_its_buyer_only,
    st_24_forms_cannot_set_anything_else,
    a_wrong_quantity_is_refused_and_kept,
    the_page_says_what_became_of_the_payment,
    a_key_that_was_replaced_or_revoked_is_not_shown,
    a_purchase_of_a_signed_in_customer_goes_to_the_account,
    the_total_needs_no_script,
    a_pending_order_is_shown_to_its_address,
    many_keys_are_folded,
);

async fn text_of(browser: &Browser<'_>, path: &str) -> String {
    browser.get(path).await.text().await.expect("a page")
}

async fn without_keys_nothing_can_be_bought(app: &TestApp) {
    let browser = app.browser();
    let offer = text_of(&browser, "/checkout/new/chartgpt-lifetime").await;
    assert!(
        offer.contains("$149.00") && offer.contains("Sales open soon") && !offer.contains("/checkout\""),
        "{offer}"
    );
    let answer = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", "2")]).await;
    assert_eq!(location(&answer), "/checkout/new/chartgpt-lifetime?quantity=2");
    let page = text_of(&browser, location(&answer)).await;
    assert!(page.contains("role=\"alert\"") && page.contains("Sales open soon"), "{page}");
    for missing in ["/checkout/new/nothing", "/checkout/new/NOTHING"] {
        let answer = browser.get(missing).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{missing}");
        assert!(answer.text().await.expect("a page").contains("There is no such offer."), "{missing}");
    }
}

async fn a_buyer_sees_the_key_in_the_same_browser(shop: &Shop) {
    let browser = shop.app.browser();
    let offer = text_of(&browser, "/checkout/new/chartgpt-lifetime?quantity=3").await;
    assert!(offer.contains("value=\"3\"") && offer.contains("Total for 3 licenses: $447.00"), "{offer}");
    let answer = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", "3")]).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(cookie.starts_with("latchkey-checkout="), "{cookie}");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"), "{cookie}");
    let session = shop.session_of(&answer);
    let object = shop.stripe.object(&session);
    let path = |key: &str| object[key].as_str().expect("a URL").replace(&shop.app.portal_origin(), "");
    let (placed, canceled) = (path("success_url"), path("cancel_url"));

    let waiting = text_of(&browser, &placed).await;
    assert!(waiting.contains("Waiting for Stripe") && waiting.contains("<noscript><meta http-equiv"), "{waiting}");
    let back = text_of(&browser, &canceled).await;
    assert!(
        back.contains("Nothing was charged") && back.contains("/checkout/new/chartgpt-lifetime?quantity=3"),
        "{back}"
    );

    shop.stripe.pay(&session, &Payment::by_card("ada@example.com")).expect("paid");
    shop.wait();
    let page = text_of(&browser, &placed).await;
    assert!(page.contains("Your licenses are ready") && !page.contains("<noscript><meta"), "{page}");
    assert_eq!(page.matches("class=\"key key-shown\"").count(), 3, "{page}");
    assert!(page.contains("ada@example.com") && page.contains("$447.00"), "{page}");
    assert!(page.contains(&format!("/portal/orders/{}/receipt", order_in(&placed))), "{page}");
    assert!(text_of(&browser, &canceled).await.contains("This order went through"));

    // A second purchase keeps the cookie, so that both orders are shown.
    let again = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", "1")]).await;
    let same = again.headers()[header::SET_COOKIE].to_str().expect("text");
    assert_eq!(same.split(';').next(), cookie.split(';').next());
    shop.app.kit.clock.advance(Duration::from_hours(24));
    assert_eq!(browser.get(&placed).await.status(), StatusCode::NOT_FOUND, "a day later, one has to sign in");
}

/// ST-11: everyone else gets the same response as for an order that does not exist.
async fn st_11_an_order_is_shown_to_its_buyer_only(shop: &Shop) {
    let buyer = shop.app.browser();
    let (placed, _) = shop.buy(&buyer, "ada@example.com", "1").await;
    let other = shop.app.browser();
    shop.buy(&other, "eve@example.com", "1").await;
    let (stranger, eve) = (shop.app.browser(), shop.app.customer("eve@example.com").await);
    let order = order_in(&placed);
    let missing = "0190f3c2-0000-7000-8000-000000000000";
    for page in ["placed", "canceled"] {
        for browser in [&stranger, &other, &eve] {
            let shown = async |id: &str| {
                let answer = browser.get(&format!("/checkout/{id}/{page}")).await;
                let (status, to, headers, text) = essence(answer).await;
                let main =
                    text.split("<main").nth(1).expect("a page").split("</main>").next().expect("a page").to_owned();
                assert!(!text.contains("ada@example.com") && !text.contains("CGPT-"), "{text}");
                // Signing in leads to the order in the portal. Without a valid id, it is the list of orders.
                let main = main.replace(&format!("/portal/orders/{id}"), "/portal/orders");
                (status, to, headers, main)
            };
            let foreign = shown(&order).await;
            assert_eq!(foreign.0, StatusCode::NOT_FOUND);
            assert!(foreign.3.contains("Sign in to see this order"), "{}", foreign.3);
            assert_eq!(foreign, shown(missing).await);
            assert_eq!(foreign, shown("x").await);
        }
    }
}

/// ST-24: what is sold, to whom and for how much does not come from the form.
async fn st_24_forms_cannot_set_anything_else(shop: &Shop) {
    let browser = shop.app.browser();
    let corpus = [
        ("amount", "1"),
        ("unit_amount", "1"),
        ("price_data[unit_amount]", "1"),
        ("currency", "jpy"),
        ("mode", "setup"),
        ("customer", "cus_1"),
        ("customer_email", "eve@example.com"),
        ("email", "eve@example.com"),
        ("metadata[order]", "x"),
        ("metadata", "x"),
        ("client_reference_id", "x"),
        ("success_url", "https://evil.example"),
        ("cancel_url", "https://evil.example"),
        ("line_items[0][price]", "price_1"),
        ("stripe_price", "price_1"),
        ("discounts[0][coupon]", "free"),
        ("allow_promotion_codes", "true"),
        ("is_live", "false"),
        ("buyer", "x"),
        ("price", "chartgpt-team-upgrade"),
        ("quantity", "2"),
        ("Price", "x"),
        ("quantity[]", "2"),
    ];
    let sessions = shop.stripe.count_calls("/v1/checkout/sessions");
    for (name, value) in corpus {
        let answer = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", "1"), (name, value)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE), "{name}");
    }
    for fields in [&[("price", LIFETIME)][..], &[("quantity", "1")], &[]] {
        assert_eq!(browser.submit("/checkout", fields).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
    }
    // A price of Stripe is not a code of the catalog.
    for price in ["price_1", "../x", "", "https://evil.example"] {
        let answer = browser.submit("/checkout", &[("price", price), ("quantity", "1")]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{price}");
    }
    let missing = browser.submit("/checkout", &[("price", "nothing"), ("quantity", "1")]).await;
    assert_eq!(location(&missing), "/checkout/new/nothing?quantity=1");
    let elsewhere = browser.form("/checkout", &[("price", LIFETIME), ("quantity", "1")]).await;
    let elsewhere = elsewhere.header("origin", "https://evil.example").build().expect("a request");
    let mut elsewhere = elsewhere;
    elsewhere.headers_mut().insert("sec-fetch-site", "cross-site".parse().expect("a header"));
    let answer = browser.client.execute(elsewhere).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "a form of another site");
    assert_eq!(shop.stripe.count_calls("/v1/checkout/sessions"), sessions, "nothing was sent to Stripe");
}

async fn a_wrong_quantity_is_refused_and_kept(shop: &Shop) {
    let browser = shop.app.browser();
    for (typed, kept) in [("0", "0"), ("11", "11"), ("4294967295", "4294967295")] {
        let answer = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", typed)]).await;
        assert_eq!(location(&answer), format!("/checkout/new/chartgpt-lifetime?quantity={kept}"));
        let page = text_of(&browser, location(&answer)).await;
        assert!(page.contains("Enter a number from 1 to 10."), "{page}");
        assert!(page.contains(&format!("value=\"{kept}\"")) && page.contains("aria-invalid=\"true\""), "{page}");
        let later = text_of(&browser, location(&answer)).await;
        assert!(!later.contains("Enter a number from 1 to 10."), "the message is shown once");
    }
    for typed in ["", "-1", "1.5", "two", "4294967296", "1e3"] {
        let answer = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", typed)]).await;
        assert_eq!(location(&answer), "/checkout/new/chartgpt-lifetime", "{typed}");
        assert!(text_of(&browser, location(&answer)).await.contains("Enter a number from 1 to 10."), "{typed}");
    }
}

async fn the_page_says_what_became_of_the_payment(shop: &Shop) {
    let browser = shop.app.browser();
    let fields = [("price", LIFETIME), ("quantity", "1")];
    let by_debit = Payment::new("ada@example.com", "Ada", Method::BankDebit);

    let (placed, session) = shop.check_out(&browser, &fields).await;
    shop.stripe.pay(&session, &by_debit).expect("accepted");
    let page = text_of(&browser, &placed).await;
    assert!(page.contains("Your payment is on its way") && page.contains("ada@example.com"), "{page}");
    assert!(!page.contains("CGPT-"));
    shop.stripe.fail_payment(&shop.stripe.payment_of(&session).expect("a payment")).expect("failed");
    shop.wait();
    let page = text_of(&browser, &placed).await;
    assert!(
        page.contains("The payment failed") && page.contains("/checkout/new/chartgpt-lifetime?quantity=1"),
        "{page}"
    );

    let (placed, session) = shop.check_out(&browser, &fields).await;
    shop.stripe.expire(&session).expect("expired");
    assert!(text_of(&browser, &placed).await.contains("This checkout has expired"));

    let (placed, session) = shop.check_out(&browser, &fields).await;
    shop.stripe.pay(&session, &Payment::by_card("ada@example.com")).expect("paid");
    shop.stripe.tamper_session(&session, |session| session["amount_subtotal"] = 1.into());
    let page = text_of(&browser, &placed).await;
    assert!(page.contains("We are checking your order") && !page.contains("CGPT-"), "{page}");

    let (placed, payment) = shop.buy(&browser, "ada@example.com", "1").await;
    shop.stripe.refund(&payment, None).expect("refunded");
    shop.sync().await;
    let page = text_of(&browser, &placed).await;
    assert!(page.contains("This order was refunded") && !page.contains("CGPT-"), "{page}");

    // Stripe is down.
    shop.stripe.fail_next("/v1/checkout/sessions", Fault::ServerError, 10);
    let answer = browser.submit("/checkout", &[("price", LIFETIME), ("quantity", "2")]).await;
    assert_eq!(location(&answer), "/checkout/new/chartgpt-lifetime?quantity=2");
    let page = text_of(&browser, location(&answer)).await;
    assert!(page.contains("Stripe cannot be reached at the moment. Nothing was charged."), "{page}");
}

async fn a_key_that_was_replaced_or_revoked_is_not_shown(shop: &Shop) {
    let browser = shop.app.browser();
    let (placed, _) = shop.buy(&browser, "ada@example.com", "3").await;
    let canceled = placed.replace("/placed", "/canceled");
    let keys = |page: &str| -> Vec<String> {
        let shown = page.split("class=\"key key-shown\"").skip(1);
        shown.map(|rest| rest.split(['>', '<']).nth(1).expect("a key").to_owned()).collect()
    };
    let all = keys(&text_of(&browser, &placed).await);
    assert_eq!(all.len(), 3);
    let back = text_of(&browser, &canceled).await;
    assert!(back.contains("This order went through"), "{back}");
    assert!(all.iter().all(|key| !back.contains(key)), "a key is in the data of the page: {back}");

    let admin = shop.app.service().admin(Operator::Host);
    let order = order_in(&placed).parse().expect("an id");
    let view = admin.order(order).await.expect("read").expect("an order");
    let licenses = &view.lines[0].licenses;
    let other = admin.replace_license_key(licenses[0], Notify::Nobody).await.expect("replaced");
    admin.revoke_license(licenses[1], Notify::Nobody).await.expect("revoked");
    let page = text_of(&browser, &placed).await;
    assert_eq!(keys(&page), all[2..]);
    assert!(all[..2].iter().all(|key| !page.contains(key)), "{page}");
    assert!(!page.contains(other.key.expose()), "{page}");
    assert!(
        page.contains("The key of this license was replaced.") && page.contains("This license was revoked"),
        "{page}"
    );
    assert!(page.contains(&licenses[0].to_string()), "a link to the portal: {page}");
}

async fn a_purchase_of_a_signed_in_customer_goes_to_the_account(shop: &Shop) {
    let ada = shop.app.customer("ada@example.com").await;
    let offer = text_of(&ada, "/checkout/new/chartgpt-lifetime").await;
    assert!(offer.contains("You are signed in as") && offer.contains("ada@example.com"), "{offer}");
    let (placed, _) = shop.buy(&ada, "somebody@example.com", "1").await;
    let page = text_of(&ada, &placed).await;
    assert!(page.contains("See the license and its computers"), "{page}");
    let licenses = text_of(&ada, "/portal/licenses").await;
    assert!(licenses.contains("CGPT-••••"), "{licenses}");
    // In another browser of the same account, the order is shown as well.
    let other = shop.app.customer("ada@example.com").await;
    assert_eq!(other.get(&placed).await.status(), StatusCode::OK);
}

#[test]
fn a_network_cannot_open_checkouts_without_end() {
    run(async {
        let shop = Shop::open(Backend::Sqlite).await;
        let browser = shop.app.browser();
        let fields = [("price", LIFETIME), ("quantity", "1")];
        let mut answers = Vec::new();
        for _ in 0..21 {
            answers.push(location(&browser.submit("/checkout", &fields).await).to_owned());
        }
        let refused = answers.pop().expect("an answer");
        assert!(answers.iter().all(|to| to.starts_with(shop.stripe.base_url())), "{answers:?}");
        assert_eq!(refused, "/checkout/new/chartgpt-lifetime?quantity=1");
        assert!(text_of(&browser, &refused).await.contains("Too many requests. Try again in a minute."));
    });
}

/// Forms may lead to Stripe only on pages that have such forms.
#[test]
fn only_pages_that_lead_to_stripe_allow_it() {
    run(async {
        let shop = Shop::open(Backend::Sqlite).await;
        let browser = shop.app.customer("ada@example.com").await;
        for (path, leads) in [
            ("/checkout/new/chartgpt-lifetime", true),
            ("/portal/licenses", true),
            ("/login", false),
            ("/login/link/x", false),
        ] {
            let answer = browser.get(path).await;
            let policy = answer.headers()["content-security-policy"].to_str().expect("text");
            assert!(policy.contains("form-action 'self'"), "{path}: {policy}");
            assert_eq!(policy.contains(shop.stripe.base_url()), leads, "{path}: {policy}");
        }
    });
}

async fn the_total_needs_no_script(shop: &Shop) {
    let browser = shop.app.browser();
    for (query, total) in [
        ("", Some("Total for 1 license: $149.00")),
        ("?quantity=3", Some("Total for 3 licenses: $447.00")),
        ("?price=chartgpt-lifetime&quantity=3", Some("Total for 3 licenses: $447.00")),
        ("?quantity=11", None),
    ] {
        let page = browser.get(&format!("/checkout/new/{LIFETIME}{query}")).await.text().await.expect("a page");
        match total {
            Some(total) => assert!(page.contains(total) && !page.contains("aria-invalid=\"true\""), "{query}: {page}"),
            None => assert!(!page.contains("Total for") && page.contains("aria-invalid=\"true\""), "{query}: {page}"),
        }
        assert!(page.contains("formmethod=\"get\"") && page.contains("Update the total"), "{query}: {page}");
    }
}

/// The mail about a delayed payment can be opened in another browser.
async fn a_pending_order_is_shown_to_its_address(shop: &Shop) {
    let buyer = shop.app.browser();
    let (placed, session) = shop.check_out(&buyer, &[("price", LIFETIME), ("quantity", "2")]).await;
    shop.stripe.pay(&session, &Payment::new("ada@example.com", "Ada", Method::BankDebit)).expect("paid");
    shop.wait();
    let page = buyer.get(&placed).await.text().await.expect("a page");
    assert!(page.contains("Your payment is on its way") && page.contains("the license keys"), "{page}");

    let stranger = shop.app.browser();
    let missing = "/checkout/0190f3c2-0000-7000-8000-000000000000/placed";
    for path in [placed.as_str(), missing] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let page = answer.text().await.expect("a page");
        let next = format!("/portal/orders/{}", order_in(path));
        assert!(page.contains("Sign in to see this order") && page.contains(&format!("/login?next={next}")), "{page}");
    }
    let ada = shop.app.customer("ada@example.com").await;
    let page = ada.get(&placed).await.text().await.expect("a page");
    assert!(page.contains("Your payment is on its way"), "{page}");
    // Signing in leads to the order in the portal, which shows it before it is delivered.
    let order = format!("/portal/orders/{}", order_in(&placed));
    let answer = ada.get(&order).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let eve = shop.app.customer("eve@example.com").await;
    assert_eq!(eve.get(&placed).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(eve.get(&order).await.status(), StatusCode::NOT_FOUND);
}

async fn many_keys_are_folded(shop: &Shop) {
    let admin = shop.app.service().admin(Operator::Host);
    let (mut file, _) = admin.catalog().await.expect("read");
    file.prices[0].max_quantity = 50;
    shop.app.apply_catalog(&file).await;
    let ada = shop.app.customer("ada@example.com").await;
    let (placed, _) = shop.buy(&ada, "ada@example.com", "50").await;
    let page = ada.get(&placed).await.text().await.expect("a page");
    assert_eq!(page.matches("key-shown").count(), 50, "{page}");
    let (shown, folded) = page.split_once("<details").expect("a fold");
    assert_eq!(shown.matches("key-shown").count(), 10, "{shown}");
    assert!(folded.contains("Show 40 more keys"), "{page}");

    let order = format!("/portal/orders/{}", order_in(&placed));
    let page = ada.get(&order).await.text().await.expect("a page");
    let (shown, folded) = page.split_once("<details class=\"fold\"").expect("a fold");
    assert!(shown.contains("50 licenses") && folded.contains("Show 40 more licenses"), "{page}");
    assert_eq!(shown.matches("<code>CGPT-••••").count(), 10, "{shown}");
    let page = ada.get("/portal").await.text().await.expect("a page");
    assert_eq!(page.matches("class=\"row-link\"").count(), 10, "{page}");
    assert!(page.contains("See all licenses"), "{page}");
}
