//! What a catalog file allows although it is rarely meant.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use latchkey_licensing::money::Currency;
use serde::Serialize;

use crate::catalog::file::CatalogFile;

/// Something in a catalog file that is allowed and rarely meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum CatalogWarning {
    /// Licenses at this price cost nothing.
    FreePrice {
        /// The price's code.
        price: String,
    },
    /// The prices of a product are in several currencies.
    SeveralCurrencies {
        /// The product's code.
        product: String,
        /// The currencies.
        currencies: Vec<Currency>,
    },
    /// An upgrade replaces a license that does not expire with one that does.
    UpgradeEnds {
        /// The price's code.
        price: String,
        /// The code of the policy without a duration.
        from: String,
        /// The code of the policy with a duration.
        to: String,
    },
}

impl fmt::Display for CatalogWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FreePrice { price } => {
                write!(f, "prices.{price}.amount: it is 0, so anyone can have these licenses for free")
            }
            Self::SeveralCurrencies { product, currencies } => {
                let names: Vec<String> = currencies.iter().map(ToString::to_string).collect();
                write!(f, "products.{product}: its prices are in {}, and buyers see all of them", names.join(" and "))
            }
            Self::UpgradeEnds { price, from, to } => write!(
                f,
                "prices.{price}.upgrade_from: licenses under {from} do not expire, and under {to} they do, so buyers pay \
                 for a license that ends"
            ),
        }
    }
}

/// The warnings about a file, in the order of its entries.
fn all(file: &CatalogFile) -> Vec<CatalogWarning> {
    let policy = |code: &String| file.policies.iter().find(|policy| policy.code == *code);
    let mut warnings = Vec::new();
    let mut currencies: BTreeMap<&str, BTreeSet<Currency>> = BTreeMap::new();
    for price in &file.prices {
        if price.amount == Some(0) {
            warnings.push(CatalogWarning::FreePrice { price: price.code.clone() });
        }
        let Some(to) = policy(&price.policy) else { continue };
        if let Some(currency) = price.currency {
            currencies.entry(&to.product).or_default().insert(currency);
        }
        // A subscription ends when it is not paid, whatever its policy says.
        let is_limited = to.duration.is_some() || price.interval.is_some();
        let endless = price.upgrade_from.iter().filter_map(policy).filter(|from| from.duration.is_none());
        warnings.extend(endless.filter(|_| is_limited).map(|from| CatalogWarning::UpgradeEnds {
            price: price.code.clone(),
            from: from.code.clone(),
            to: to.code.clone(),
        }));
    }
    let several = currencies.into_iter().filter(|(_, currencies)| currencies.len() > 1);
    warnings.extend(several.map(|(product, currencies)| CatalogWarning::SeveralCurrencies {
        product: product.to_owned(),
        currencies: currencies.into_iter().collect(),
    }));
    warnings
}

/// The warnings about `after` that do not apply to `before`: a person who confirmed one is not asked again.
pub(crate) fn new_warnings(before: &CatalogFile, after: &CatalogFile) -> Vec<CatalogWarning> {
    let known = all(before);
    all(after).into_iter().filter(|warning| !known.contains(warning)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICIES: &str = r#"
[[products]]
code = "draw"
name = "Acme Draw"
key_prefix = "DRAW"

[[policies]]
code = "lifetime"
product = "draw"
name = "Lifetime"

[[policies]]
code = "yearly"
product = "draw"
name = "Yearly"
duration = "365d"
"#;

    fn file(prices: &str) -> CatalogFile {
        toml::from_str(&format!("{POLICIES}{prices}")).expect("a catalog")
    }

    fn price(code: &str, policy: &str, amount: i64, currency: &str, more: &str) -> String {
        format!(
            "[[prices]]\ncode = \"{code}\"\npolicy = \"{policy}\"\namount = {amount}\ncurrency = \"{currency}\"\n{more}\n"
        )
    }

    #[test]
    fn what_is_rarely_meant_is_named_once() {
        let plain = price("one", "lifetime", 4_900, "USD", "") + &price("two", "yearly", 1_900, "USD", "");
        let upgrade = price("up", "lifetime", 3_000, "USD", "upgrade_from = [\"yearly\"]");
        let before = file(&(plain.clone() + &upgrade));
        assert_eq!(all(&before), []);
        for (added, wanted) in [
            (price("free", "lifetime", 0, "USD", ""), "prices.free.amount"),
            (price("euro", "lifetime", 4_500, "EUR", ""), "products.draw: its prices are in EUR and USD"),
            (price("down", "yearly", 1_000, "USD", "upgrade_from = [\"lifetime\"]"), "prices.down.upgrade_from"),
        ] {
            let after = file(&(plain.clone() + &upgrade + &added));
            let warnings = new_warnings(&before, &after);
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings.iter().all(|warning| warning.to_string().starts_with(wanted)), "{warnings:?}");
            assert_eq!(new_warnings(&after, &after), []);
        }
    }
}
