//! Orders as they are stored.

use crate::{
    alphabet,
    ids::{AccountId, LicenseId, OrderId, PolicyId},
    license::{Expiry, License, Standing},
    money::{Currency, Money},
    order::{
        decide::{Allowed, HoldReason, SubscriptionState},
        status::OrderStatus,
    },
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

/// The number by which people refer to an order.
pub fn number(id: OrderId) -> String {
    let bits = id.uuid().as_u128();
    // Eight letters of five bits each.
    let letter = |at: u32| alphabet::letter(u8::try_from((bits >> (5 * at)) & 31).unwrap_or_default());
    let text: String = (0..8).rev().map(letter).collect();
    let (start, end) = text.split_at(4);
    format!("{start}-{end}")
}

/// The last five bytes of the id of the order with a number, as [`number`] gives it, in any case, with or without its dash.
/// `None` if the text is no number.
pub fn number_bytes(text: &str) -> Option<[u8; 5]> {
    let values: Option<Vec<u8>> =
        text.trim().chars().filter(|letter| !matches!(letter, '-' | ' ')).map(alphabet::value).collect();
    let values = values.filter(|values| values.len() == 8)?;
    let bits = values.iter().fold(0_u64, |bits, value| (bits << 5) | u64::from(*value));
    let [_, _, _, bytes @ ..] = bits.to_be_bytes();
    Some(bytes)
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

/// A license of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderedLicense {
    /// The order.
    pub order: OrderId,
    /// The number of the line.
    pub line: u32,
    /// Its number within the line, from 1.
    pub unit: u32,
    /// The license.
    pub license: LicenseId,
    /// The decision of an admin, which payments do not change.
    pub decision: Standing,
    /// What the payments allow.
    pub payments: Standing,
}

impl Standing {
    /// The standing of a license to which both apply: the stricter one, or the earlier of two that are equally strict.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Revoked(a), Self::Revoked(b)) => Self::Revoked(a.min(b)),
            (Self::Revoked(at), _) | (_, Self::Revoked(at)) => Self::Revoked(at),
            (Self::Suspended(a), Self::Suspended(b)) => Self::Suspended(a.min(b)),
            (Self::Suspended(at), Self::Good) | (Self::Good, Self::Suspended(at)) => Self::Suspended(at),
            (Self::Good, Self::Good) => Self::Good,
        }
    }
}

impl Allowed {
    /// The standing of a license that was `before` at `now`. It keeps its instant if nothing changes.
    pub fn standing(self, before: Standing, now: Timestamp) -> Standing {
        match (self, before) {
            (Self::Yes, _) => Standing::Good,
            (Self::Suspended, Standing::Suspended(at)) => Standing::Suspended(at),
            (Self::Suspended, _) => Standing::Suspended(now),
            (Self::Revoked, Standing::Revoked(at)) => Standing::Revoked(at),
            (Self::Revoked, _) => Standing::Revoked(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_eight_letters() {
        let id = OrderId::new(Timestamp::from_unix_micros(0), [0xff; 10]);
        let number = number(id);
        assert_eq!(number.len(), 9, "{number}");
        assert_ne!(number, super::number(OrderId::new(Timestamp::from_unix_micros(0), [1; 10])));
    }

    #[test]
    fn a_number_is_part_of_the_id() {
        let id = OrderId::new(Timestamp::from_unix_micros(0), [1, 2, 3, 4, 5, 6, 77, 133, 210, 255]);
        let bytes = number_bytes(&number(id)).expect("a number");
        assert_eq!(bytes, id.uuid().as_bytes()[11..]);
        let typed = number(id).to_lowercase().replace('-', " ");
        assert_eq!(number_bytes(&format!(" {typed} ")), Some(bytes));
        assert_eq!((number_bytes("7F3K"), number_bytes("7F3K-9QXU"), number_bytes("7F3K-9QXMM")), (None, None, None));
    }

    #[test]
    fn the_stricter_standing_applies() {
        let at = Timestamp::from_unix_micros;
        let all = [Standing::Good, Standing::Suspended(at(1)), Standing::Suspended(at(2)), Standing::Revoked(at(3))];
        for a in all {
            for b in all {
                assert_eq!(a.and(b), b.and(a));
                let is_good = a == Standing::Good && b == Standing::Good;
                assert_eq!(a.and(b) == Standing::Good, is_good);
            }
        }
        assert_eq!(Standing::Suspended(at(2)).and(Standing::Suspended(at(1))), Standing::Suspended(at(1)));
        assert_eq!(Standing::Suspended(at(1)).and(Standing::Revoked(at(3))), Standing::Revoked(at(3)));
    }
}
