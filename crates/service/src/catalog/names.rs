//! The names of what is in the catalog, for choices in filters and forms.

use latchkey_licensing::{ids::ProductId, policy::Policy, product::Product};

use crate::{error::Internal, identity::actors::Support};

/// Codes and names, in the order of the codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogNames {
    /// The policies.
    pub policies: Vec<(String, String)>,
    /// The products.
    pub products: Vec<(String, String)>,
}

impl CatalogNames {
    pub(crate) fn of(policies: &[Policy], products: &[Product]) -> Self {
        let policies = policies.iter().map(|policy| (policy.code.clone(), policy.name.clone()));
        let products = products.iter().map(|product| (product.code.clone(), product.name.clone()));
        let mut names = Self { policies: policies.collect(), products: products.collect() };
        names.policies.sort();
        names.products.sort();
        names
    }
}

impl Support<'_> {
    /// The codes and names of policies and products.
    pub async fn catalog_names(&self) -> Result<CatalogNames, Internal> {
        let mut reader = self.service.store().read().await?;
        Ok(CatalogNames::of(&reader.list_policies().await?, &reader.list_products().await?))
    }

    /// The policies of a product, by code.
    pub async fn policies_of(&self, product: ProductId) -> Result<Vec<Policy>, Internal> {
        let mut policies = self.service.store().read_without_snapshot().await?.list_policies().await?;
        policies.retain(|policy| policy.product == product);
        policies.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(policies)
    }
}
