//! Whether a checkout is the one that was ordered. Its amounts come from Stripe, so they are checked against the order
//! before anything is delivered.

use std::collections::BTreeMap;

use crate::{money::Money, order::decide::HoldReason};

/// A checkout, as ordered or as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutTerms {
    /// Whether it is about real money.
    pub is_live: bool,
    /// Whether it is a subscription.
    pub is_subscription: bool,
    /// The price of Stripe and the quantity of each line.
    pub lines: Vec<(String, u32)>,
    /// What the lines cost before discounts and tax.
    pub subtotal: Money,
}

/// What a checkout adds up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckoutTotal {
    /// What the buyer has to pay.
    pub total: Money,
    /// The discount.
    pub discount_minor: i64,
    /// The tax, whether or not the prices include it.
    pub tax_minor: i64,
    /// What was received, if something was.
    pub paid: Option<Money>,
}

/// The first difference between what was ordered and what was found.
pub fn difference(ordered: &CheckoutTerms, found: &CheckoutTerms, total: CheckoutTotal) -> Option<HoldReason> {
    if ordered.is_live != found.is_live {
        return Some(HoldReason::WrongLiveMode);
    }
    if ordered.is_subscription != found.is_subscription {
        return Some(HoldReason::WrongMode);
    }
    let currency = ordered.subtotal.currency;
    let currencies = [found.subtotal.currency, total.total.currency, total.paid.map_or(currency, |paid| paid.currency)];
    if currencies.iter().any(|other| *other != currency) {
        return Some(HoldReason::WrongCurrency);
    }
    if quantities(ordered) != quantities(found) {
        return Some(HoldReason::WrongLines);
    }
    let discounted = ordered.subtotal.minor.checked_sub(total.discount_minor);
    let with_tax = discounted.and_then(|net| net.checked_add(total.tax_minor));
    let is_total_right = total.discount_minor >= 0
        && total.tax_minor >= 0
        && [discounted, with_tax].contains(&Some(total.total.minor))
        && total.total.minor >= 0;
    let is_paid_right = total.paid.is_none_or(|paid| paid.minor == total.total.minor);
    let is_right = ordered.subtotal.minor == found.subtotal.minor && is_total_right && is_paid_right;
    (!is_right).then_some(HoldReason::WrongAmount)
}

fn quantities(terms: &CheckoutTerms) -> BTreeMap<&str, u64> {
    let mut quantities = BTreeMap::new();
    for (price, quantity) in &terms.lines {
        *quantities.entry(price.as_str()).or_default() += u64::from(*quantity);
    }
    quantities
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, "USD".parse().expect("a currency"))
    }

    fn ordered() -> CheckoutTerms {
        CheckoutTerms {
            is_live: true,
            is_subscription: false,
            lines: vec![("price_a".to_owned(), 2), ("price_b".to_owned(), 1)],
            subtotal: usd(12_000),
        }
    }

    fn total(total: i64, discount_minor: i64, tax_minor: i64) -> CheckoutTotal {
        CheckoutTotal { total: usd(total), discount_minor, tax_minor, paid: Some(usd(total)) }
    }

    #[test]
    fn discounts_and_tax_change_the_total() {
        for (amount, discount, tax) in [
            (12_000, 0, 0),
            (9_600, 2_400, 0),
            (14_280, 0, 2_280),
            (11_424, 2_400, 1_824),
            (0, 12_000, 0),
            (12_000, 0, 1_916),
        ] {
            assert_eq!(difference(&ordered(), &ordered(), total(amount, discount, tax)), None, "{amount}");
        }
        for (amount, discount, tax) in [(11_999, 0, 0), (1, 0, 0), (12_000, -1, 1), (-1, 12_001, 0), (9_600, 2_399, 0)]
        {
            let found = difference(&ordered(), &ordered(), total(amount, discount, tax));
            assert_eq!(found, Some(HoldReason::WrongAmount), "{amount}");
        }
    }

    #[test]
    fn every_tampered_field_is_found() {
        type Tamper = fn(&mut CheckoutTerms, &mut CheckoutTotal);
        let cases: &[(Tamper, HoldReason)] = &[
            (|found, _| found.is_live = false, HoldReason::WrongLiveMode),
            (|found, _| found.is_subscription = true, HoldReason::WrongMode),
            (|found, _| found.subtotal.currency = "EUR".parse().expect("a currency"), HoldReason::WrongCurrency),
            (|_, total| total.total.currency = "EUR".parse().expect("a currency"), HoldReason::WrongCurrency),
            (|found, _| found.lines[0].1 = 3, HoldReason::WrongLines),
            (|found, _| found.lines[0].0 = "price_cheap".to_owned(), HoldReason::WrongLines),
            (|found, _| drop(found.lines.pop()), HoldReason::WrongLines),
            (|found, _| found.subtotal.minor = 1, HoldReason::WrongAmount),
            (|_, total| total.paid = Some(Money { minor: 1, ..total.total }), HoldReason::WrongAmount),
        ];
        for (tamper, reason) in cases {
            let (mut found, mut total) = (ordered(), total(12_000, 0, 0));
            tamper(&mut found, &mut total);
            assert_eq!(difference(&ordered(), &found, total), Some(*reason));
        }
    }
}
