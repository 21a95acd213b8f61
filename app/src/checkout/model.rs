//! What the pages around a checkout show, ready to render.

use latchkey_licensing::{
    ids::{LicenseId, OrderId},
    money::Money,
    order::OrderStatus,
};
use serde::{Deserialize, Serialize};

use crate::{routes::PriceCode, shared::flash::Flash};

/// What can be bought for a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub price: PriceCode,
    pub product: String,
    pub policy: String,
    /// What one license costs. `None` if it is not known yet.
    pub amount: Option<Money>,
    /// The unit of the amount, such as `per license`.
    pub unit: String,
    /// What the amount says about tax.
    pub tax: Option<String>,
    /// The terms of the license, a sentence each.
    pub terms: Vec<String>,
    pub min_quantity: u32,
    pub max_quantity: u32,
    /// Whether it can be bought now.
    pub is_for_sale: bool,
    /// Whether it upgrades licenses instead of buying new ones.
    pub is_upgrade: bool,
}

impl Offer {
    /// Whether buyers choose a quantity.
    pub fn has_quantity(&self) -> bool {
        self.max_quantity > self.min_quantity
    }

    /// `Total for 3 licenses: $447.00`. `None` if that many cannot be bought.
    pub fn total(&self, quantity: u32) -> Option<String> {
        let amount = self.amount.filter(|_| (self.min_quantity..=self.max_quantity).contains(&quantity))?;
        let total = Money::new(amount.minor.checked_mul(i64::from(quantity))?, amount.currency);
        let count = if quantity == 1 { "1 license".to_owned() } else { format!("{quantity} licenses") };
        Some(format!("Total for {count}: {total}"))
    }
}

/// An offer as a visitor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferDetail {
    pub offer: Offer,
    /// The address of the account to which a purchase goes, if the visitor is signed in.
    pub account: Option<String>,
    /// The visitor's licenses that the offer upgrades.
    pub upgradable: Vec<UpgradableLicense>,
    /// The error of the last form.
    pub flash: Option<Flash>,
}

/// A license that an offer upgrades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpgradableLicense {
    pub id: LicenseId,
    pub policy: String,
    pub masked_key: String,
}

/// What became of an order, as its buyer sees it after the checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    pub id: OrderId,
    /// The number by which people refer to it.
    pub number: String,
    pub status: OrderStatus,
    /// What was bought, a line each.
    pub items: Vec<String>,
    /// How many licenses were bought.
    pub quantity: u32,
    pub total: String,
    /// The licenses, while the payment is kept.
    pub licenses: Vec<PlacedLicense>,
    /// The license that the order upgrades.
    pub upgrades: Option<LicenseId>,
    /// The address that the buyer typed.
    pub email: Option<String>,
    /// Whether the buyer is signed in to the account that received the order.
    pub is_signed_in: bool,
    /// Where the same can be bought again.
    pub again: String,
}

impl PlacedOrder {
    /// Whether the page changes by itself within moments.
    pub fn is_waiting(&self) -> bool {
        self.status == OrderStatus::Open
    }
}

/// A license that was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedLicense {
    pub id: LicenseId,
    pub name: String,
    pub key: PlacedKey,
}

/// The key of a license that was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlacedKey {
    /// The key that was delivered.
    Delivered(String),
    /// It was replaced.
    Replaced,
    /// The license is revoked.
    Revoked,
}

impl PlacedLicense {
    /// The key, if it can be used.
    pub fn key(&self) -> Option<&str> {
        match &self.key {
            PlacedKey::Delivered(key) => Some(key),
            PlacedKey::Replaced | PlacedKey::Revoked => None,
        }
    }
}

/// An order whose buyer returned without paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanceledOrder {
    pub id: OrderId,
    pub number: String,
    pub status: OrderStatus,
    /// What was chosen, a line each.
    pub items: Vec<String>,
    /// Where the same can be bought again.
    pub again: String,
}
