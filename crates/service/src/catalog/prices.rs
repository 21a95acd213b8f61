//! Prices in the catalog: planning and writing them, and what is for sale.

use std::collections::BTreeMap;

use latchkey_licensing::{
    ids::PriceId,
    money::Money,
    policy::Policy,
    price::{Price, ProvisionedPrice},
    product::Product,
    time::Timestamp,
};
use latchkey_store::{Conn, Tx};

use crate::{
    catalog::{
        file::CatalogFile,
        plan::{CatalogAction, CatalogKind, CatalogStep, CurrentCatalog, differences},
        price_entry::PriceContext,
    },
    error::Internal,
    identity::actors::Admin,
    service::Service,
};

/// There is no price with this code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no price `{0}`")]
pub struct PriceNotFound(pub String);

/// A price with its policy and its product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPrice {
    /// The price.
    pub price: Price,
    /// The policy of the licenses that it buys.
    pub policy: Policy,
    /// The product.
    pub product: Product,
}

/// The steps that change prices.
pub(super) fn plan(current: &CurrentCatalog, file: &CatalogFile) -> Vec<CatalogStep> {
    let step = |action, code: &str| CatalogStep {
        action,
        kind: CatalogKind::Price,
        code: code.to_owned(),
        fields: Vec::new(),
        licenses: 0,
    };
    let mut steps = Vec::new();
    for entry in &file.prices {
        match current.prices.iter().find(|(price, _)| price.code == entry.code) {
            None => steps.push(step(CatalogAction::Add, &entry.code)),
            Some((_, before)) => {
                let fields = differences(before, &entry.with_known_amount(before));
                if !fields.is_empty() {
                    steps.push(CatalogStep { fields, ..step(CatalogAction::Change, &entry.code) });
                }
            }
        }
    }
    for (price, _) in &current.prices {
        if !file.prices.iter().any(|entry| entry.code == price.code) {
            steps.push(step(CatalogAction::Remove, &price.code));
        }
    }
    steps
}

impl Service {
    /// Writes the prices of a catalog file whose products and policies are written already. Removes those that it lacks.
    pub(super) async fn write_prices(
        &self,
        tx: &mut Tx,
        current: &CurrentCatalog,
        file: &CatalogFile,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let policies: BTreeMap<String, Policy> =
            tx.list_policies().await?.into_iter().map(|policy| (policy.code.clone(), policy)).collect();
        for (price, _) in &current.prices {
            if !file.prices.iter().any(|entry| entry.code == price.code) {
                tx.delete_price(price.id).await?;
            }
        }
        for (position, entry) in file.prices.iter().enumerate() {
            let position = u32::try_from(position).map_err(|_| Internal::Invariant("there are too many prices"))?;
            let policy = policies.get(&entry.policy).ok_or(Internal::Invariant("a checked policy does not exist"))?;
            let from = entry.upgrade_from.iter().filter_map(|code| policies.get(code).map(|policy| policy.id));
            let context =
                PriceContext { product: policy.product, policy: policy.id, upgrade_from: from.collect(), position };
            let known = current.prices.iter().find(|(price, _)| price.code == entry.code);
            if let Some((known, before)) = known {
                let entry = entry.with_known_amount(before);
                let price = entry.price(known.id, context, Some(known), now);
                if (&entry, position, policy.product) != (before, known.position, known.product) {
                    tx.update_price(&price).await?;
                }
            } else {
                let id = PriceId::new(now, self.random()?);
                tx.insert_price(&entry.price(id, context, None, now)).await?;
            }
        }
        Ok(())
    }

    /// All prices, in the catalog's order.
    pub async fn prices(&self) -> Result<Vec<CatalogPrice>, Internal> {
        let mut reader = self.store().read().await?;
        catalog_prices(&mut reader).await
    }
}

pub(crate) async fn catalog_prices(conn: &mut Conn) -> Result<Vec<CatalogPrice>, Internal> {
    let prices = conn.list_prices().await?;
    if prices.is_empty() {
        return Ok(Vec::new());
    }
    let policies = conn.list_policies().await?;
    let products = conn.list_products().await?;
    let mut found = Vec::with_capacity(prices.len());
    for price in prices {
        let policy = policies.iter().find(|policy| policy.id == price.policy);
        let product = products.iter().find(|product| product.id == price.product);
        if let (Some(policy), Some(product)) = (policy.cloned(), product.cloned()) {
            found.push(CatalogPrice { price, policy, product });
        }
    }
    Ok(found)
}

impl Admin<'_> {
    /// Records the provider's price that was made for a price of the catalog.
    pub async fn set_provisioned_price(&self, id: PriceId, provisioned: &ProvisionedPrice) -> Result<(), Internal> {
        let mut tx = self.service.store().write().await?;
        tx.set_price_provisioned(id, provisioned, self.service.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Records the amount of the provider's price that the catalog names.
    pub async fn set_price_amount(&self, id: PriceId, amount: Money) -> Result<(), Internal> {
        let mut tx = self.service.store().write().await?;
        tx.set_price_amount(id, amount, self.service.now()).await?;
        Ok(tx.commit().await?)
    }
}
