//! Which builds of a product a license may have, and links to their files that need no account.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_licensing::{
    product::Product,
    release::{BuildAccess, Version},
    time::Timestamp,
};
use subtle::ConstantTimeEq;

use crate::{
    error::Internal,
    licensing::{licenses::view::LicenseView, validation::key_holder::KeyHolder},
    service::Service,
};

/// The file of a build that a link leads to.
#[derive(Clone, Copy, Debug)]
pub struct LinkedBuild<'a> {
    /// The version of its release.
    pub version: &'a Version,
    /// The file's name.
    pub file: &'a str,
}

/// Why a link to a build is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildLinkError {
    /// This server did not make it for this file.
    #[error("the link was not made for this file")]
    Invalid,
    /// It was valid until this instant.
    #[error("the link has expired")]
    Expired(Timestamp),
}

impl KeyHolder {
    /// The license's product.
    pub fn product(&self) -> &Product {
        self.facts.product()
    }

    /// The builds that the license may have.
    pub fn build_access(&self) -> BuildAccess {
        let facts = &self.facts;
        BuildAccess::of(&facts.license, facts.policy(), facts.owner_is_banned(), self.service.now())
    }
}

impl LicenseView {
    /// The builds that the license may have at `now`. Its owner is signed in, and so is not banned.
    pub fn build_access(&self, now: Timestamp) -> BuildAccess {
        BuildAccess::of(&self.license, &self.policy, false, now)
    }
}

impl Service {
    /// A token for a link to a build, which is valid for `lifetime`. It consists of the end of its validity and an
    /// authentication code, so that it needs no row and no account.
    pub fn build_link(&self, build: LinkedBuild<'_>, lifetime: Duration) -> String {
        let until = self.now().plus(lifetime).unix_micros().to_be_bytes();
        let code = self.build_code(build, until);
        URL_SAFE_NO_PAD.encode([until.as_slice(), &code].concat())
    }

    /// Whether a link with this token may be followed.
    pub fn check_build_link(&self, build: LinkedBuild<'_>, token: &str) -> Result<(), BuildLinkError> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BuildLinkError::Invalid)?;
        let (until, code) = bytes.split_first_chunk::<8>().ok_or(BuildLinkError::Invalid)?;
        if !bool::from(self.build_code(build, *until).ct_eq(code)) {
            return Err(BuildLinkError::Invalid);
        }
        let until = Timestamp::from_unix_micros(i64::from_be_bytes(*until));
        if self.now() < until { Ok(()) } else { Err(BuildLinkError::Expired(until)) }
    }

    fn build_code(&self, build: LinkedBuild<'_>, until: [u8; 8]) -> [u8; 32] {
        self.0.vault.build_link(until, &build.version.to_string(), build.file)
    }

    /// The code of the product with this id or code. `None` if there is none.
    pub async fn product_code(&self, name: &str) -> Result<Option<String>, Internal> {
        let products = self.store().read_without_snapshot().await?.list_products().await?;
        let named = |product: &Product| product.code == name || name.parse() == Ok(product.id);
        Ok(products.into_iter().find(named).map(|product| product.code))
    }
}
