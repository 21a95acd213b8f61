//! Converts prices and orders into what the pages around a checkout show.

use std::time::Duration;

use latchkey_licensing::{
    order::{OrderKind, OrderStatus},
    policy::{ExpiryStrategy, Policy},
    price::{Interval, IntervalUnit, Price, TaxBehavior},
};
use latchkey_service::{CatalogPrice, OrderView};

use crate::{
    checkout::model::{CanceledOrder, Offer, PlacedKey, PlacedLicense, PlacedOrder},
    routes::{Page, offer_of},
};

const DAY: u64 = 24 * 60 * 60;

/// What can be bought for a price. `is_live` is whether the payment provider's keys are for real money, if there are any.
/// `None` if the price has a code that no page can have.
pub(crate) fn offer(found: &CatalogPrice, is_live: Option<bool>) -> Option<Offer> {
    let CatalogPrice { price, policy, product } = found;
    let is_sold = is_live.is_some_and(|is_live| price.sold_as(is_live).is_some());
    Some(Offer {
        price: price.code.parse().ok()?,
        product: product.name.clone(),
        policy: policy.name.clone(),
        amount: price.amount,
        unit: unit(price),
        tax: match price.tax_behavior {
            TaxBehavior::Unspecified => None,
            TaxBehavior::Exclusive => Some("plus tax, where it applies".to_owned()),
            TaxBehavior::Inclusive => Some("tax included".to_owned()),
        },
        terms: terms(price, policy),
        min_quantity: price.min_quantity,
        max_quantity: price.max_quantity,
        is_for_sale: is_sold && price.amount.is_some(),
        is_upgrade: price.is_upgrade(),
    })
}

fn unit(price: &Price) -> String {
    let each = if price.max_quantity > 1 { "per license" } else { "" };
    match (price.interval, each) {
        (None, "") => "once".to_owned(),
        (None, each) => each.to_owned(),
        (Some(interval), "") => format!("every {}", interval_words(interval)),
        (Some(interval), each) => format!("{each}, every {}", interval_words(interval)),
    }
}

/// `year`, or `3 months`.
fn interval_words(Interval { unit, count }: Interval) -> String {
    let unit = match unit {
        IntervalUnit::Day => "day",
        IntervalUnit::Week => "week",
        IntervalUnit::Month => "month",
        IntervalUnit::Year => "year",
    };
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

fn terms(price: &Price, policy: &Policy) -> Vec<String> {
    let keeps_version = policy.expiry_strategy == ExpiryStrategy::MaintainAccess;
    let term = match (price.interval, policy.duration) {
        (Some(interval), _) => format!("Renews every {} until you cancel.", interval_words(interval)),
        (None, None) => "Pay once. The license does not expire.".to_owned(),
        (None, Some(duration)) if keeps_version => {
            format!("New versions for {}. After that, your version continues to work.", duration_words(duration))
        }
        (None, Some(duration)) => format!("Valid for {}.", duration_words(duration)),
    };
    let limit = if policy.is_floating { policy.max_machines } else { Some(1) };
    let computers = match limit {
        Some(1) => "For 1 computer.".to_owned(),
        Some(limit) => format!("For up to {limit} computers."),
        None => "For any number of computers.".to_owned(),
    };
    let mut terms = vec![term, computers];
    if price.is_upgrade() {
        terms.push("The license keeps its key and its computers.".to_owned());
    }
    terms
}

/// `1 year`, `30 days`, or `12 hours`.
fn duration_words(duration: Duration) -> String {
    let count = |count: u64, unit: &str| if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") };
    let seconds = duration.as_secs();
    match (seconds / DAY, seconds % DAY) {
        (days, 0) if days > 0 && days % 365 == 0 => count(days / 365, "year"),
        (days @ 1.., _) => count(days, "day"),
        (0, seconds) => count(seconds.div_ceil(60 * 60), "hour"),
    }
}

/// What was bought, such as `Acme Draw, Lifetime license × 3`.
pub(crate) fn items(view: &OrderView) -> Vec<String> {
    let item = |line: &latchkey_service::OrderLineView| {
        let name = format!("{}, {}", line.product.name, line.policy.name);
        if line.line.quantity == 1 { name } else { format!("{name} × {}", line.line.quantity) }
    };
    view.lines.iter().map(item).collect()
}

/// What became of an order.
pub(crate) fn placed(placed: latchkey_service::PlacedOrder) -> PlacedOrder {
    let latchkey_service::PlacedOrder { view, licenses, is_signed_in } = placed;
    let order = &view.order;
    let upgrades = match order.kind {
        OrderKind::Purchase => None,
        OrderKind::Upgrade(upgrade) => Some(upgrade.license),
    };
    let are_usable = matches!(order.status, OrderStatus::Paid | OrderStatus::PartlyRefunded);
    let name_of = |license| {
        let line = view.lines.iter().find(|line| line.licenses.contains(license));
        line.map_or_else(String::new, |line| format!("{}, {}", line.product.name, line.policy.name))
    };
    let licenses = licenses.iter().filter(|_| are_usable).map(|placed| PlacedLicense {
        id: placed.license.id,
        name: name_of(&placed.license.id),
        key: match &placed.key {
            latchkey_service::PlacedKey::Delivered(key) => PlacedKey::Delivered(key.expose().to_owned()),
            latchkey_service::PlacedKey::Replaced => PlacedKey::Replaced,
            latchkey_service::PlacedKey::Revoked => PlacedKey::Revoked,
        },
    });
    PlacedOrder {
        id: order.id,
        number: order.number(),
        status: order.status,
        items: items(&view),
        quantity: view.lines.iter().map(|line| line.line.quantity).sum(),
        total: order.total().to_string(),
        licenses: licenses.collect(),
        upgrades,
        email: order.email.clone(),
        is_signed_in,
        again: again(&view),
    }
}

/// The same order, for a page that shows no keys.
pub(crate) fn canceled(placed: &latchkey_service::PlacedOrder) -> CanceledOrder {
    let order = &placed.view.order;
    CanceledOrder {
        id: order.id,
        number: order.number(),
        status: order.status,
        items: items(&placed.view),
        again: again(&placed.view),
    }
}

/// Where the same can be bought again.
fn again(view: &OrderView) -> String {
    match (view.order.kind, view.lines.first()) {
        (OrderKind::Upgrade(upgrade), _) => Page::License(upgrade.license).path(),
        (OrderKind::Purchase, Some(line)) => {
            let price = line.line.price_code.parse();
            price.map_or_else(|()| Page::Orders.path(), |price| offer_of(price, line.line.quantity))
        }
        (OrderKind::Purchase, None) => Page::Orders.path(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_the_largest_unit_that_fits() {
        let words = |hours: u64| duration_words(Duration::from_hours(hours));
        assert_eq!(words(365 * 24), "1 year");
        assert_eq!(words(730 * 24), "2 years");
        assert_eq!(words(30 * 24), "30 days");
        assert_eq!(words(24), "1 day");
        assert_eq!(words(12), "12 hours");
        let quarter = Interval { unit: IntervalUnit::Month, count: 3 };
        assert_eq!(interval_words(quarter), "3 months");
        assert_eq!(interval_words(Interval { count: 1, ..quarter }), "month");
    }
}
