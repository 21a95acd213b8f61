//! Products.

use latchkey_licensing::{license_key::KeyPrefix, product::Product, time::Timestamp};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    tables::Origin,
};

#[derive(sqlx::FromRow)]
pub(crate) struct ProductRow {
    id: Uuid,
    code: String,
    name: String,
    key_prefix: String,
    created_at: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self> {
        let origin = Origin::new("products", row.id);
        let key_prefix = KeyPrefix::parse(&row.key_prefix).ok_or_else(|| origin.corrupt("key_prefix is invalid"))?;
        let created_at = Timestamp::from_unix_micros(row.created_at);
        Ok(Self { id: row.id.into(), code: row.code, name: row.name, key_prefix, created_at })
    }
}
