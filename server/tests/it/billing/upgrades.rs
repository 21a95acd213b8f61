//! Upgrades: another policy for a license, which keeps its key and its machines.

use latchkey_licensing::{
    ids::LicenseId,
    order::{HoldReason, OrderStatus},
};
use latchkey_service::{SignedIn, StartCheckoutError, Wanted};
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Outcome, Payment},
};

use super::{PRICE, visitor, with_shop};
use crate::support::shop::Shop;

on_both!(
    with_shop: an_upgrade_changes_the_policy_and_a_refund_turns_it_back,
    a_disputed_upgrade_is_turned_back_until_it_is_won,
    only_the_owner_of_a_license_upgrades_it,
    a_license_that_changed_in_the_meantime_is_not_upgraded,
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
    let dispute = shop.stripe.dispute(&shop.payment(started.order).await, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    assert_eq!(policy_of(shop, license).await, PRICE);
    shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(policy_of(shop, license).await, "team");
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

async fn a_license_that_changed_in_the_meantime_is_not_upgraded(shop: &Shop) {
    let (who, license) = owner(shop).await;
    let (one, two) = (
        shop.start_as(Some(&who), &upgrade(Some(license))).await,
        shop.start_as(Some(&who), &upgrade(Some(license))).await,
    );
    for started in [&one, &two] {
        shop.pay(started, &Payment::by_card("ada@example.com")).await;
        shop.deliver().await;
    }
    assert_eq!(shop.order(one.order).await.status, OrderStatus::Paid);
    let second = shop.order(two.order).await;
    assert_eq!((second.status, second.hold), (OrderStatus::Held, Some(HoldReason::NotUpgradable)));
}
