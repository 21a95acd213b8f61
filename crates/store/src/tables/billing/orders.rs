//! Orders.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, LicenseId, OrderId, PolicyId},
    license::Expiry,
    money::Money,
    order::{HoldReason, Order, OrderKind, OrderMail, OrderStatus, Subscription, SubscriptionState, Upgrade},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

/// Which orders to look for. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderSearch {
    pub status: Option<OrderStatus>,
    /// The address that the buyer typed, or that of the account that received the order.
    pub email: Option<EmailAddress>,
}

#[derive(sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "the columns of the table")]
pub(crate) struct OrderRow {
    id: Uuid,
    kind: String,
    buyer_id: Option<Uuid>,
    account_id: Option<Uuid>,
    browser_hash: Vec<u8>,
    upgrade_license_id: Option<Uuid>,
    upgrade_from_policy: Option<Uuid>,
    upgrade_from_expiry: Option<i64>,
    upgrade_ended_after_first_use: bool,
    is_upgrade_applied: bool,
    is_live: bool,
    is_subscription: bool,
    currency: String,
    subtotal_minor: i64,
    total_minor: Option<i64>,
    tax_minor: i64,
    discount_minor: i64,
    paid_minor: i64,
    refunded_minor: i64,
    status: String,
    hold_reason: Option<String>,
    released_at: Option<i64>,
    unsent_mail: Option<String>,
    has_fraud_warning: bool,
    stripe_checkout: Option<String>,
    stripe_customer: Option<String>,
    stripe_subscription: Option<String>,
    subscription_state: Option<String>,
    is_canceled_at_period_end: bool,
    expires_at: Option<i64>,
    email: Option<String>,
    buyer_name: Option<String>,
    version: i64,
    created_at: i64,
    updated_at: i64,
    paid_at: Option<i64>,
    delivered_at: Option<i64>,
}

impl TryFrom<OrderRow> for Order {
    type Error = StoreError;

    fn try_from(row: OrderRow) -> Result<Self> {
        let origin = Origin::new("orders", row.id);
        let from_expiry = match (row.upgrade_from_expiry, row.upgrade_ended_after_first_use) {
            (None, false) => Expiry::Never,
            (None, true) => Expiry::AfterFirstUse,
            (Some(at), _) => Expiry::At(Timestamp::from_unix_micros(at)),
        };
        let kind = match (row.kind.as_str(), row.upgrade_license_id, row.upgrade_from_policy) {
            ("purchase", None, None) => OrderKind::Purchase,
            ("upgrade", Some(license), Some(policy)) => OrderKind::Upgrade(Upgrade {
                license: LicenseId::from(license),
                from_policy: PolicyId::from(policy),
                from_expiry,
                is_applied: row.is_upgrade_applied,
            }),
            _ => return Err(origin.corrupt("kind is invalid")),
        };
        let hold = row
            .hold_reason
            .map(|reason| HoldReason::parse(&reason).ok_or_else(|| origin.corrupt("hold_reason is invalid")));
        let unsent_mail =
            row.unsent_mail.map(|mail| OrderMail::parse(&mail).ok_or_else(|| origin.corrupt("unsent_mail is invalid")));
        let subscription = row.stripe_subscription.zip(row.subscription_state).map(|(id, state)| {
            let state = SubscriptionState::parse(&state);
            let state = state.ok_or_else(|| origin.corrupt("subscription_state is invalid"))?;
            Ok::<_, StoreError>(Subscription { id, state, is_canceled_at_period_end: row.is_canceled_at_period_end })
        });
        Ok(Self {
            id: OrderId::from(row.id),
            kind,
            buyer: row.buyer_id.map(AccountId::from),
            account: row.account_id.map(AccountId::from),
            browser_hash: origin.bytes32(&row.browser_hash)?,
            is_live: row.is_live,
            is_subscription: row.is_subscription,
            subtotal: Money::new(row.subtotal_minor, origin.currency(&row.currency)?),
            total_minor: row.total_minor,
            tax_minor: row.tax_minor,
            discount_minor: row.discount_minor,
            paid_minor: row.paid_minor,
            refunded_minor: row.refunded_minor,
            status: OrderStatus::parse(&row.status).ok_or_else(|| origin.corrupt("status is invalid"))?,
            hold: hold.transpose()?,
            unsent_mail: unsent_mail.transpose()?,
            released_at: row.released_at.map(Timestamp::from_unix_micros),
            has_fraud_warning: row.has_fraud_warning,
            checkout: row.stripe_checkout,
            customer: row.stripe_customer,
            subscription: subscription.transpose()?,
            expires_at: row.expires_at.map(Timestamp::from_unix_micros),
            email: row.email,
            buyer_name: row.buyer_name,
            version: row.version,
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
            paid_at: row.paid_at.map(Timestamp::from_unix_micros),
            delivered_at: row.delivered_at.map(Timestamp::from_unix_micros),
        })
    }
}
