//! Upgrades: another policy for a license, which keeps its key and its machines.

use std::time::Duration;

use latchkey_licensing::{
    ids::LicenseId,
    order::{HoldReason, OrderStatus},
};
use latchkey_service::{Notify, Operator, ReleaseError, SignedIn, StartCheckoutError, Wanted};
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Outcome, Payment},
};

use super::{PRICE, release, visitor, with_shop};
use crate::support::shop::Shop;

on_both!(
    with_shop: an_upgrade_changes_the_policy_and_a_refund_turns_it_back,
    a_disputed_upgrade_is_turned_back_until_it_is_won,
    only_the_owner_of_a_license_upgrades_it,
    refunds_of_two_upgrades_turn_both_back,
    a_license_that_was_revoked_in_the_meantime_is_not_upgraded,
    a_held_upgrade_is_released_when_its_license_is_fixed,
    an_open_checkout_of_the_same_license_is_ended,
);

const UPGRADE: &str = "team-upgrade";

async fn owner(shop: &Shop) -> (SignedIn, LicenseId) {
    let solo = shop.price(PRICE).await.policy;
    let team = shop.app.add_policy("team", |policy| policy.max_machines = Some(10)).await;
    shop.sell_at(UPGRADE, |price| {
        price.policy = team.id;
        price.max_quantity = 1;
        price.upgrade_from = vec![solo];
    })
    .await;
    let started = shop.buy_by_card("ada@example.com", 1).await;
    shop.deliver().await;
    shop.mails().await;
    (shop.sign_in("ada@example.com").await, shop.licenses(started.order).await[0].id)
}

fn upgrade(license: Option<LicenseId>) -> Wanted {
    Wanted { price: UPGRADE.to_owned(), quantity: 1, upgrade: license }
}

async fn policy_of(shop: &Shop, license: LicenseId) -> String {
    let mut reader = shop.service().store().read().await.expect("a reader");
    let license = reader.find_license(license).await.expect("read").expect("a license");
    reader.get_policy(license.policy).await.expect("read").code
}

async fn an_upgrade_changes_the_policy_and_a_refund_turns_it_back(shop: &Shop) {
    let (who, license) = owner(shop).await;
    let customer = shop.service().customer(&who);
    let key = customer.reveal_key(license).await.expect("the key");
    shop.app.desktop(Some(key.expose())).activate("one").await;
    let offers = customer.upgrades(license).await.expect("offers");
    assert_eq!(offers.iter().map(|offer| offer.price.code.as_str()).collect::<Vec<_>>(), [UPGRADE]);
    let started = shop.start_as(Some(&who), &upgrade(Some(license))).await;
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    assert_eq!(policy_of(shop, license).await, "team");
    assert_eq!(shop.mails().await, ["Your ChartGPT license is upgraded"]);
    assert_eq!(shop.order(started.order).await.status, OrderStatus::Paid);
    assert_eq!(customer.reveal_key(license).await.expect("the key").expose(), key.expose());
    let machines = shop.app.desktop(Some(key.expose())).get(&format!("/v1/licenses/{license}/machines")).await;
    assert_eq!(machines.body["data"].as_array().map(Vec::len), Some(1));
    assert!(customer.upgrades(license).await.expect("offers").is_empty());
    shop.stripe.refund(&shop.payment(started.order).await, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(policy_of(shop, license).await, PRICE);
    assert_eq!(shop.app.desktop(Some(key.expose())).get("/v1/me").await.status, 200, "the license itself is paid");
}

async fn a_disputed_upgrade_is_turned_back_until_it_is_won(shop: &Shop) {
    let (who, license) = owner(shop).await;
    let started = shop.start_as(Some(&who), &upgrade(Some(license))).await;
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    shop.mails().await;
    let dispute = shop.stripe.dispute(&shop.payment(started.order).await, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    assert_eq!(policy_of(shop, license).await, PRICE);
    shop.app.kit.deliver_mail().await;
    let mails = shop.app.kit.mail.take();
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    assert_eq!(mail.subject, "The upgrade of your ChartGPT license was turned back");
    assert!(mail.text.contains("Your license is: ChartGPT, Lifetime license."), "{}", mail.text);
    shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(policy_of(shop, license).await, "team");
    assert_eq!(shop.mails().await, ["Your ChartGPT license is upgraded again"]);
}

async fn only_the_owner_of_a_license_upgrades_it(shop: &Shop) {
    let (_, license) = owner(shop).await;
    shop.buy_by_card("eve@example.com", 1).await;
    shop.deliver().await;
    let eve = shop.sign_in("eve@example.com").await;
    let start = async |who: Option<&SignedIn>, wanted: Wanted| {
        shop.service().start_checkout(&visitor(who), &wanted).await.expect_err("refused")
    };
    assert!(matches!(start(None, upgrade(Some(license))).await, StartCheckoutError::SignInRequired));
    assert!(matches!(start(Some(&eve), upgrade(Some(license))).await, StartCheckoutError::NotUpgradable));
    assert!(matches!(start(Some(&eve), upgrade(None)).await, StartCheckoutError::NotUpgradable));
    let bought = Wanted { price: PRICE.to_owned(), quantity: 1, upgrade: Some(license) };
    assert!(matches!(start(Some(&eve), bought).await, StartCheckoutError::NotUpgradable));
}

async fn an_open_checkout_of_the_same_license_is_ended(shop: &Shop) {
    let (who, license) = owner(shop).await;
    let first = shop.start_as(Some(&who), &upgrade(Some(license))).await;
    let second = shop.start_as(Some(&who), &upgrade(Some(license))).await;
    let session = shop.session(first.order).await;
    shop.stripe.pay(&session, &Payment::by_card("ada@example.com")).expect_err("it has ended");
    shop.pay(&second, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    assert_eq!(shop.order(first.order).await.status, OrderStatus::Expired);
    assert_eq!(policy_of(shop, license).await, "team");
}

async fn a_license_that_was_revoked_in_the_meantime_is_not_upgraded(shop: &Shop) {
    let (who, license) = owner(shop).await;
    let started = shop.start_as(Some(&who), &upgrade(Some(license))).await;
    let admin = shop.service().admin(Operator::Host);
    admin.revoke_license(license, Notify::Nobody).await.expect("revoked");
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    let order = shop.order(started.order).await;
    assert_eq!((order.status, order.hold), (OrderStatus::Held, Some(HoldReason::NotUpgradable)));
    // Nothing can be released until the license is fixed.
    let refused = release(&admin, started.order, None).await;
    assert!(matches!(refused, Err(ReleaseError::NotUpgradable(of)) if of == license), "{refused:?}");
    assert_eq!(shop.order(started.order).await.status, OrderStatus::Held);
}

async fn a_held_upgrade_is_released_when_its_license_is_fixed(shop: &Shop) {
    let (who, license) = owner(shop).await;
    let started = shop.start_as(Some(&who), &upgrade(Some(license))).await;
    let admin = shop.service().admin(Operator::Host);
    admin.suspend_license(license, Notify::Nobody).await.expect("suspended");
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    assert_eq!(shop.order(started.order).await.hold, Some(HoldReason::NotUpgradable));
    let refused = release(&admin, started.order, None).await;
    assert!(matches!(refused, Err(ReleaseError::NotUpgradable(of)) if of == license), "{refused:?}");
    admin.reinstate_license(license, Notify::Nobody).await.expect("reinstated");
    assert_eq!(release(&admin, started.order, None).await.expect("released"), OrderStatus::Paid);
    assert_eq!(policy_of(shop, license).await, "team");
}

async fn refunds_of_two_upgrades_turn_both_back(shop: &Shop) {
    for first_refunded in [0, 1] {
        let (who, license) = if first_refunded == 0 { owner(shop).await } else { another(shop).await };
        if first_refunded == 0 {
            let team = shop.price(UPGRADE).await.policy;
            let company = shop.app.add_policy("company", |policy| policy.max_machines = Some(100)).await;
            shop.sell_at("company", |price| {
                price.policy = company.id;
                price.max_quantity = 1;
                price.upgrade_from = vec![team];
            })
            .await;
        }
        let mut orders = Vec::new();
        for code in [UPGRADE, "company"] {
            let wanted = Wanted { price: code.to_owned(), quantity: 1, upgrade: Some(license) };
            let started = shop.start_as(Some(&who), &wanted).await;
            shop.pay(&started, &Payment::by_card("ada@example.com")).await;
            shop.deliver().await;
            orders.push(started.order);
            // Orders sort by time.
            shop.app.kit.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(policy_of(shop, license).await, "company");
        let left = if first_refunded == 0 { "company" } else { "team" };
        for (at, expected) in [(first_refunded, left), (1 - first_refunded, PRICE)] {
            shop.stripe.refund(&shop.payment(orders[at]).await, None).expect("refunded");
            shop.deliver().await;
            assert_eq!(policy_of(shop, license).await, expected, "{at} was refunded");
        }
        shop.mails().await;
    }
}

/// Another license of the same customer.
async fn another(shop: &Shop) -> (SignedIn, LicenseId) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    shop.deliver().await;
    (shop.sign_in("ada@example.com").await, shop.licenses(started.order).await[0].id)
}
