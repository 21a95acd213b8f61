//! Orders as they are stored.

use crate::{
    ids::{AccountId, LicenseId, OrderId, PolicyId},
    license::{Expiry, License, Standing},
    money::{Currency, Money},
    order::{
        decide::{HoldReason, SubscriptionState},
        number::number,
        status::OrderStatus,
    },
    rules::policy::words,
    time::Timestamp,
};

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// New licenses.
    Purchase,
    /// Another policy for a license.
    Upgrade(Upgrade),
}

/// The upgrade of a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The license.
    pub license: LicenseId,
    /// Its policy before the upgrade.
    pub from_policy: PolicyId,
    /// Its expiry before the upgrade.
    pub from_expiry: Expiry,
    /// Whether the license has the new policy because of this order.
    pub is_applied: bool,
}

impl Upgrade {
    /// Whether it can be applied to a license, which may have changed since the order was made, for an account.
    pub fn can_apply_to(&self, license: &License, account: AccountId) -> bool {
        license.account == account && license.policy == self.from_policy && license.standing == Standing::Good
    }
}

words! {
    /// A mail about what an admin decides.
    OrderMail {
        /// About what was delivered, with the license keys.
        Delivery = "delivery",
        /// About money that was returned.
        Refund = "refund",
    }
}

/// A subscription as the provider said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The provider's id.
    pub id: String,
    /// Its state.
    pub state: SubscriptionState,
    /// Whether it ends with its current period.
    pub is_canceled_at_period_end: bool,
}

/// An order. What its buyer receives is decided by [`decide`](super::decide).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Assigned before the checkout is opened.
    pub id: OrderId,
    /// What it is for.
    pub kind: OrderKind,
    /// The account that was signed in when it was made.
    pub buyer: Option<AccountId>,
    /// The account that received it, or will because it is the buyer's or an admin named it.
    pub account: Option<AccountId>,
    /// A hash of the secret of the browser in which it was made.
    pub browser_hash: [u8; 32],
    /// Whether it is about real money.
    pub is_live: bool,
    /// Whether it is a subscription.
    pub is_subscription: bool,
    /// What its lines cost, before discounts and tax.
    pub subtotal: Money,
    /// What the buyer had to pay, as the payment provider says.
    pub total_minor: Option<i64>,
    /// The tax that is part of the total.
    pub tax_minor: i64,
    /// The discount that is part of the total.
    pub discount_minor: i64,
    /// What was received.
    pub paid_minor: i64,
    /// What was refunded.
    pub refunded_minor: i64,
    /// The status.
    pub status: OrderStatus,
    /// Why it is held, or why it would be if it had not been released.
    pub hold: Option<HoldReason>,
    /// When an admin released it.
    pub released_at: Option<Timestamp>,
    /// The mail that its next change does not send, because an admin asked for that.
    pub unsent_mail: Option<OrderMail>,
    /// Whether the card's network suspects fraud.
    pub has_fraud_warning: bool,
    /// The provider's checkout session.
    pub checkout: Option<String>,
    /// The provider's customer.
    pub customer: Option<String>,
    /// The subscription that it started.
    pub subscription: Option<Subscription>,
    /// The expiry that its licenses got last.
    pub expires_at: Option<Timestamp>,
    /// The buyer's address as typed at the provider.
    pub email: Option<String>,
    /// The buyer's name as typed at the provider.
    pub buyer_name: Option<String>,
    /// How often it was written. A writer who has read an older version starts over.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When the buyer received it.
    pub delivered_at: Option<Timestamp>,
}

impl Order {
    /// The state of the subscription.
    pub fn subscription_state(&self) -> Option<SubscriptionState> {
        self.subscription.as_ref().map(|subscription| subscription.state)
    }

    /// The currency of all its amounts.
    pub fn currency(&self) -> Currency {
        self.subtotal.currency
    }

    /// What the buyer had to pay.
    pub fn total(&self) -> Money {
        Money::new(self.total_minor.unwrap_or(self.subtotal.minor), self.currency())
    }

    /// The number by which people refer to it, such as `7F3K-9QXM`. It is made of the random part of the id, so it says
    /// nothing about the number of orders.
    pub fn number(&self) -> String {
        number(self.id)
    }
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// Its position in the order, from 1.
    pub number: u32,
    /// The code of the catalog's price at that time.
    pub price_code: String,
    /// The provider's price.
    pub stripe_price: String,
    /// The policy of its licenses.
    pub policy: PolicyId,
    /// How many.
    pub quantity: u32,
    /// What one costs, in the order's currency.
    pub unit_minor: i64,
}
