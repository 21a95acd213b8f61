//! Prices in a catalog file.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    ids::{PolicyId, PriceId, ProductId},
    money::{Currency, Money},
    price::{Interval, IntervalUnit, MAX_QUANTITY, Price, TaxBehavior},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::catalog::{
    file::PolicyEntry,
    file_error::{CatalogFileError, CatalogProblem},
};

/// The largest amount that Stripe accepts, in the smallest unit of a currency.
const MAX_AMOUNT: i64 = 99_999_999;

/// The longest interval of a subscription in each unit: three years.
const MAX_INTERVAL: [(IntervalUnit, u32); 4] =
    [(IntervalUnit::Day, 1095), (IntervalUnit::Week, 156), (IntervalUnit::Month, 36), (IntervalUnit::Year, 3)];

/// A price in a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    /// The name used by commands and links, such as `acme-draw-lifetime`.
    pub code: String,
    /// The code of the policy of the licenses that it buys.
    pub policy: String,
    /// What one license costs, in the currency's smallest unit, such as cents. May be left out if `stripe_price` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// The ISO code of the currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The id of an existing price at Stripe, such as `price_1Abc`. If left out, `latchkey stripe provision` makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_price: Option<String>,
    /// The period after which it is paid again. Paid once if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalUnit>,
    /// How many of these periods.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub interval_count: u32,
    /// The smallest quantity that can be bought at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub min_quantity: u32,
    /// The largest quantity that can be bought at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub max_quantity: u32,
    /// Whether it includes tax.
    #[serde(default = "unspecified", skip_serializing_if = "is_unspecified")]
    pub tax: TaxBehavior,
    /// The codes of the policies whose licenses it upgrades. If there are any, it buys nothing else.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub upgrade_from: BTreeSet<String>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

fn unspecified() -> TaxBehavior {
    TaxBehavior::Unspecified
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
fn is_unspecified(tax: &TaxBehavior) -> bool {
    *tax == TaxBehavior::Unspecified
}

/// What the other entries of a file say about a price.
pub(crate) struct PriceContext {
    pub(crate) product: ProductId,
    pub(crate) policy: PolicyId,
    pub(crate) upgrade_from: Vec<PolicyId>,
    /// Its place in the file.
    pub(crate) position: u32,
}

impl PriceEntry {
    /// The entry of a price. `policies` are the codes of all policies.
    pub(crate) fn of(price: &Price, policies: &BTreeMap<PolicyId, String>) -> Self {
        let code = |policy: &PolicyId| policies.get(policy).cloned().unwrap_or_default();
        Self {
            code: price.code.clone(),
            policy: code(&price.policy),
            amount: price.amount.map(|amount| amount.minor),
            currency: price.amount.map(|amount| amount.currency),
            stripe_price: price.stripe_price.clone(),
            interval: price.interval.map(|interval| interval.unit),
            interval_count: price.interval.map_or(1, |interval| interval.count),
            min_quantity: price.min_quantity,
            max_quantity: price.max_quantity,
            tax: price.tax_behavior,
            upgrade_from: price.upgrade_from.iter().map(code).collect(),
        }
    }

    /// The same entry with the amount that was read from Stripe, if it leaves the amount to the same price of Stripe.
    pub(crate) fn with_known_amount(&self, before: &Self) -> Self {
        let mut entry = self.clone();
        if entry.amount.is_none() && entry.stripe_price.is_some() && entry.stripe_price == before.stripe_price {
            (entry.amount, entry.currency) = (before.amount, before.currency);
        }
        entry
    }

    /// The price that this entry describes. `known` is the price with the same code.
    pub(crate) fn price(&self, id: PriceId, context: PriceContext, known: Option<&Price>, now: Timestamp) -> Price {
        let PriceContext { product, policy, upgrade_from, position } = context;
        let amount = self.amount.zip(self.currency).map(|(minor, currency)| Money::new(minor, currency));
        let interval = self.interval.map(|unit| Interval { unit, count: self.interval_count });
        // Prices at Stripe cannot be changed, so another price has to be made.
        let provisioned = known
            .filter(|known| {
                (known.amount, known.interval, known.tax_behavior, known.product)
                    == (amount, interval, self.tax, product)
            })
            .and_then(|known| known.provisioned.clone());
        Price {
            id,
            code: self.code.clone(),
            product,
            policy,
            amount,
            stripe_price: self.stripe_price.clone(),
            provisioned,
            interval,
            min_quantity: self.min_quantity,
            max_quantity: self.max_quantity,
            tax_behavior: self.tax,
            upgrade_from,
            position,
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        }
    }

    /// Checks everything that can be checked without the database.
    pub(crate) fn check(&self, policies: &[PolicyEntry]) -> Result<(), CatalogFileError> {
        let refuse = |field: &str, problem: CatalogProblem| Err(problem.at(format!("prices.{}.{field}", self.code)));
        let find = |code: &str| policies.iter().find(|policy| policy.code == code);
        let Some(policy) = find(&self.policy) else {
            return refuse("policy", CatalogProblem::PolicyNotFound(self.policy.clone()));
        };
        match (self.amount, self.currency, &self.stripe_price) {
            (Some(_), None, _) => return refuse("currency", CatalogProblem::NoCurrency),
            (None, Some(_), _) | (None, None, None) => return refuse("amount", CatalogProblem::NoAmount),
            (Some(amount), Some(_), _) if !(0..=MAX_AMOUNT).contains(&amount) => {
                return refuse("amount", CatalogProblem::InvalidAmount { max: MAX_AMOUNT });
            }
            _ => {}
        }
        if let Some(id) = &self.stripe_price {
            let is_id = id.strip_prefix("price_").is_some_and(|rest| {
                (1..=250).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
            if !is_id {
                return refuse("stripe_price", CatalogProblem::InvalidStripePrice);
            }
        }
        if !(1..=self.max_quantity).contains(&self.min_quantity) || self.max_quantity > MAX_QUANTITY {
            return refuse("max_quantity", CatalogProblem::InvalidQuantity { max: MAX_QUANTITY });
        }
        if let Some(unit) = self.interval {
            let max = MAX_INTERVAL.iter().find(|(known, _)| *known == unit).map_or(1, |(_, max)| *max);
            if !(1..=max).contains(&self.interval_count) {
                return refuse("interval_count", CatalogProblem::InvalidInterval { max });
            }
            if policy.duration.is_none() {
                return refuse("interval", CatalogProblem::SubscriptionWithoutDuration(policy.code.clone()));
            }
            if !self.upgrade_from.is_empty() {
                return refuse("upgrade_from", CatalogProblem::RecurringUpgrade);
            }
        } else if self.interval_count != 1 {
            return refuse("interval_count", CatalogProblem::NoInterval);
        }
        for code in &self.upgrade_from {
            match find(code) {
                None => return refuse("upgrade_from", CatalogProblem::PolicyNotFound(code.clone())),
                Some(from) if from.product != policy.product => {
                    return refuse("upgrade_from", CatalogProblem::OtherProduct(code.clone()));
                }
                Some(from) if from.code == policy.code => {
                    return refuse("upgrade_from", CatalogProblem::UpgradeToItself);
                }
                Some(_) => {}
            }
        }
        if !self.upgrade_from.is_empty() && self.max_quantity != 1 {
            return refuse("max_quantity", CatalogProblem::UpgradeQuantity);
        }
        Ok(())
    }
}
