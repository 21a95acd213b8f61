//! Prices: what a license under a policy costs.

use crate::{
    ids::{PolicyId, PriceId, ProductId},
    license::{License, Standing},
    money::Money,
    rules::policy::words,
    time::Timestamp,
};

words! {
    /// The unit of the period after which a subscription renews.
    IntervalUnit {
        /// Days.
        Day = "day",
        /// Weeks.
        Week = "week",
        /// Months.
        Month = "month",
        /// Years.
        Year = "year",
    }

    /// Whether a price includes tax (<https://docs.stripe.com/tax/products-prices-tax-codes-tax-behavior>).
    TaxBehavior {
        /// As configured at Stripe.
        Unspecified = "unspecified",
        /// Tax is added to it.
        Exclusive = "exclusive",
        /// Tax is part of it.
        Inclusive = "inclusive",
    }
}

/// The period after which a subscription renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The unit.
    pub unit: IntervalUnit,
    /// How many of them.
    pub count: u32,
}

/// The largest quantity of a line.
pub const MAX_QUANTITY: u32 = 1_000;

/// Stripe's price that was made for a price of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionedPrice {
    /// Stripe's id.
    pub id: String,
    /// Whether it is for real money.
    pub is_live: bool,
}

/// A price in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Assigned when the price is added to the catalog.
    pub id: PriceId,
    /// The name used by commands and links, such as `acme-draw-lifetime`.
    pub code: String,
    /// The product that is sold.
    pub product: ProductId,
    /// The policy of the licenses that it buys.
    pub policy: PolicyId,
    /// What one license costs. `None` if the catalog names a price of Stripe whose amount has not been read yet.
    pub amount: Option<Money>,
    /// The price of Stripe that the catalog names.
    pub stripe_price: Option<String>,
    /// The price of Stripe that was made for it.
    pub provisioned: Option<ProvisionedPrice>,
    /// After which period it is paid again. `None` if it is paid once.
    pub interval: Option<Interval>,
    /// The smallest quantity that can be bought.
    pub min_quantity: u32,
    /// The largest quantity that can be bought.
    pub max_quantity: u32,
    /// Whether it includes tax.
    pub tax_behavior: TaxBehavior,
    /// The policies whose licenses it upgrades. If there are any, it buys nothing else.
    pub upgrade_from: Vec<PolicyId>,
    /// Its place in the catalog.
    pub position: u32,
    /// When it was added to the catalog.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Price {
    /// Stripe's price by which it is sold, if there is one.
    pub fn sold_as(&self, is_live: bool) -> Option<&str> {
        let provisioned = self.provisioned.as_ref().filter(|provisioned| provisioned.is_live == is_live);
        self.stripe_price.as_deref().or(provisioned.map(|provisioned| provisioned.id.as_str()))
    }

    /// Whether it upgrades licenses instead of buying new ones.
    pub fn is_upgrade(&self) -> bool {
        !self.upgrade_from.is_empty()
    }

    /// Whether it upgrades this license.
    pub fn upgrades(&self, license: &License) -> bool {
        license.standing == Standing::Good && self.upgrade_from.contains(&license.policy)
    }
}
