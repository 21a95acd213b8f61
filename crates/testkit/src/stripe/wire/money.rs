//! Amounts in the minor unit of their currency: discounts, taxes and their spread over line items.

use serde_json::Value;

use super::fields::{int, text};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
}

/// A tax on a sale, in hundredths of a percent.
pub(crate) type BasisPoints = i64;

/// The amounts of each line. A line is its subtotal, and whether its price includes the tax.
pub(crate) fn price(lines: &[(i64, bool)], coupon: Option<&Value>, tax: Option<BasisPoints>) -> Vec<Amounts> {
    let subtotals: Vec<i64> = lines.iter().map(|(subtotal, _)| *subtotal).collect();
    let total: i64 = subtotals.iter().sum();
    let discounts = spread(discount(total, coupon), &subtotals);
    let mut priced = Vec::new();
    for ((subtotal, is_inclusive), discount) in lines.iter().zip(discounts) {
        let net = subtotal - discount;
        let (tax, added) = match tax {
            None => (0, 0),
            Some(rate) if *is_inclusive => (divide(net * rate, 10_000 + rate), 0),
            Some(rate) => (divide(net * rate, 10_000), divide(net * rate, 10_000)),
        };
        priced.push(Amounts { subtotal: *subtotal, discount, tax, total: net + added });
    }
    priced
}

pub(crate) fn sum(lines: &[Amounts]) -> Amounts {
    lines.iter().fold(Amounts::default(), |sum, line| Amounts {
        subtotal: sum.subtotal + line.subtotal,
        discount: sum.discount + line.discount,
        tax: sum.tax + line.tax,
        total: sum.total + line.total,
    })
}

fn discount(total: i64, coupon: Option<&Value>) -> i64 {
    let Some(coupon) = coupon else { return 0 };
    let off = int(coupon, "amount_off");
    if off > 0 { off.min(total) } else { divide(total * percent_in_basis_points(coupon), 10_000) }
}

/// A coupon's `percent_off` has at most two decimals.
#[expect(clippy::cast_possible_truncation, reason = "at most 10,000")]
fn percent_in_basis_points(coupon: &Value) -> i64 {
    coupon["percent_off"].as_f64().map_or(0, |percent| (percent * 100.0).round() as i64)
}

/// Spreads a discount in proportion to the amounts. The shares add up to it.
fn spread(discount: i64, amounts: &[i64]) -> Vec<i64> {
    let (mut left, mut rest) = (discount, amounts.iter().sum::<i64>());
    let mut shares = Vec::new();
    for amount in amounts {
        let share = if rest == 0 { 0 } else { divide(left * amount, rest) };
        shares.push(share);
        left -= share;
        rest -= amount;
    }
    shares
}

/// Rounds to the nearest, halves up.
fn divide(amount: i64, by: i64) -> i64 {
    (amount + by / 2).div_euclid(by)
}

/// An amount for people: `EUR 12.50`, `JPY 1250`, `KWD 1.250`.
pub(crate) fn shown(amount: i64, currency: &str) -> String {
    let decimals = decimals(currency);
    let unit = 10_i64.pow(decimals);
    let (whole, part) = (amount.abs() / unit, amount.abs() % unit);
    let sign = if amount < 0 { "-" } else { "" };
    let code = currency.to_uppercase();
    if decimals == 0 {
        return format!("{code} {sign}{whole}");
    }
    let width = decimals as usize;
    format!("{code} {sign}{whole}.{part:0width$}")
}

fn decimals(currency: &str) -> u32 {
    match currency {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd" | "vuv" | "xaf"
        | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    }
}

/// Whether the price of a line includes the tax.
pub(crate) fn is_inclusive(price: &Value) -> bool {
    text(price, "tax_behavior") == "inclusive"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Amounts, price, shown, sum};

    #[test]
    fn discounts_are_spread_without_a_remainder_and_taxes_follow_the_price() {
        let coupon = json!({ "amount_off": 100, "percent_off": null });
        let priced = price(&[(333, false), (333, true), (334, false)], Some(&coupon), Some(1_900));
        assert_eq!(sum(&priced).discount, 100);
        assert_eq!(priced[0], Amounts { subtotal: 333, discount: 33, tax: 57, total: 357 });
        assert_eq!(priced[1], Amounts { subtotal: 333, discount: 33, tax: 48, total: 300 });
    }

    #[test]
    fn a_coupon_of_100_percent_leaves_nothing() {
        let coupon = json!({ "amount_off": null, "percent_off": 100.0 });
        assert_eq!(sum(&price(&[(4_999, false)], Some(&coupon), Some(1_900))).total, 0);
    }

    #[test]
    fn currencies_have_zero_two_or_three_decimals() {
        assert_eq!(shown(1_250, "eur"), "EUR 12.50");
        assert_eq!(shown(1_250, "jpy"), "JPY 1250");
        assert_eq!(shown(1_205, "kwd"), "KWD 1.205");
        assert_eq!(shown(-5, "usd"), "USD -0.05");
    }
}
