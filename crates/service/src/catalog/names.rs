//! The names of what is in the catalog, for choices in filters and forms.

use latchkey_licensing::{ids::ProductId, policy::Policy};

use crate::{actors::Support, error::Internal};

/// Codes and names, in the order of the codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogNames {
    /// The policies.
    pub policies: Vec<(String, String)>,
    /// The products.
    pub products: Vec<(String, String)>,
}

impl Support<'_> {
    /// The policies of a product, by code.
    pub async fn policies_of(&self, product: ProductId) -> Result<Vec<Policy>, Internal> {
        let mut policies = self.service.store().read_without_snapshot().await?.list_policies().await?;
        policies.retain(|policy| policy.product == product);
        policies.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(policies)
    }

    /// The codes and names of policies and products.
    pub async fn catalog_names(&self) -> Result<CatalogNames, Internal> {
        let mut reader = self.service.store().read().await?;
        let policies = reader.list_policies().await?.into_iter().map(|policy| (policy.code, policy.name));
        let mut names = CatalogNames { policies: policies.collect(), products: Vec::new() };
        let products = reader.list_products().await?.into_iter().map(|product| (product.code, product.name));
        names.products = products.collect();
        names.policies.sort();
        names.products.sort();
        Ok(names)
    }
}
