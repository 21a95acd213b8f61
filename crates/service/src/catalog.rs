//! Products, policies and entitlements: what a database starts with, and what a file says.

pub(crate) mod cache;
pub(crate) mod fault;
pub(crate) mod file;
pub(crate) mod impact;
pub(crate) mod plan;
pub(crate) mod span;

use crate::{error::Internal, service::Service};

impl Service {
    /// Whether there is nothing yet that a license could be for.
    pub async fn is_catalog_empty(&self) -> Result<bool, Internal> {
        Ok(self.store().read().await?.count_products().await? == 0)
    }
}
