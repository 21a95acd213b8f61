//! Prices.

use latchkey_licensing::{
    ids::PriceId,
    money::Money,
    price::{Interval, IntervalUnit, Price, ProvisionedPrice, TaxBehavior},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
pub(crate) struct PriceRow {
    id: Uuid,
    product_id: Uuid,
    policy_id: Uuid,
    code: String,
    amount_minor: Option<i64>,
    currency: Option<String>,
    stripe_price: Option<String>,
    provisioned_price: Option<String>,
    provisioned_is_live: Option<bool>,
    interval_unit: Option<String>,
    interval_count: Option<i64>,
    min_quantity: i64,
    max_quantity: i64,
    tax_behavior: String,
    position: i64,
    created_at: i64,
    updated_at: i64,
}

/// Without the policies that the price upgrades, which are in another table.
impl TryFrom<PriceRow> for Price {
    type Error = StoreError;

    fn try_from(row: PriceRow) -> Result<Self> {
        let origin = Origin::new("prices", row.id);
        let amount = match (row.amount_minor, &row.currency) {
            (Some(minor), Some(currency)) => Some(Money::new(minor, origin.currency(currency)?)),
            (None, None) => None,
            _ => return Err(origin.corrupt("an amount has no currency")),
        };
        let interval = match (row.interval_unit, row.interval_count) {
            (Some(unit), Some(count)) => Some(Interval {
                unit: IntervalUnit::parse(&unit).ok_or_else(|| origin.corrupt("interval_unit is invalid"))?,
                count: origin.count(count)?,
            }),
            _ => None,
        };
        let provisioned = row.provisioned_price.zip(row.provisioned_is_live);
        Ok(Self {
            id: PriceId::from(row.id),
            code: row.code,
            product: row.product_id.into(),
            policy: row.policy_id.into(),
            amount,
            stripe_price: row.stripe_price,
            provisioned: provisioned.map(|(id, is_live)| ProvisionedPrice { id, is_live }),
            interval,
            min_quantity: origin.count(row.min_quantity)?,
            max_quantity: origin.count(row.max_quantity)?,
            tax_behavior: TaxBehavior::parse(&row.tax_behavior)
                .ok_or_else(|| origin.corrupt("tax_behavior is invalid"))?,
            upgrade_from: Vec::new(),
            position: origin.count(row.position)?,
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
        })
    }
}
