//! What a new database starts with: the mark of its master secret, and the catalog that sells
//! ChartGPT under its lifetime policy.

use std::time::Duration;

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, PolicyId, ProductId},
    license_key::KeyPrefix,
    policy::{
        DEFAULT_HEARTBEAT, DEFAULT_OFFLINE_FILE, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
        KeyScheme, OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
};
use latchkey_store::Product;

use crate::{
    audit::{
        actor::Actor,
        event::{AuditEvent, ProductEvent},
    },
    error::Internal,
    service::Service,
};

/// Why a database cannot be used with this master secret.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// It was made with another one, so no license key in it could be read.
    #[error("this database was made with another master secret: give the one it was made with, or another database")]
    OtherSecret,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for ClaimError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Service {
    /// Marks a new database as belonging to this master secret, or checks that it does.
    pub async fn claim_database(&self) -> Result<(), ClaimError> {
        let check = *self.0.vault.check();
        // Mostly it is marked already: then nobody waits for who writes.
        let known = self.store().read().await?.find_secret_check().await?;
        if let Some(known) = known {
            return if known == check { Ok(()) } else { Err(ClaimError::OtherSecret) };
        }
        let mut tx = self.store().write().await?;
        tx.insert_instance(&check, self.now()).await?;
        let found = tx.find_secret_check().await?;
        tx.commit().await?;
        if found == Some(check) { Ok(()) } else { Err(ClaimError::OtherSecret) }
    }

    /// Gives a database without products the default catalog. Returns whether it did.
    pub async fn install_default_catalog(&self) -> Result<bool, Internal> {
        let now = self.now();
        if self.store().read().await?.count_products().await? > 0 {
            return Ok(false);
        }
        let mut tx = self.store().write().await?;
        tx.lock_instance().await?;
        if tx.count_products().await? > 0 {
            return Ok(false);
        }
        let product = Product {
            id: ProductId::new(now, self.random()?),
            code: "chartgpt".to_owned(),
            name: "ChartGPT".to_owned(),
            key_prefix: KeyPrefix::parse("CGPT").ok_or(Internal::Broken("the default key prefix is none"))?,
            created_at: now,
        };
        let policy = Policy {
            id: PolicyId::new(now, self.random()?),
            product: product.id,
            code: "chartgpt-lifetime".to_owned(),
            name: "Lifetime license".to_owned(),
            duration: None,
            expiry_basis: ExpiryBasis::FromCreation,
            renewal: RenewalBasis::FromExpiry,
            max_machines: Some(2),
            max_cores: None,
            max_uses: None,
            is_floating: true,
            is_strict: true,
            expiry: ExpiryStrategy::MaintainAccess,
            overage: OverageStrategy::NoOverage,
            requires_heartbeat: false,
            heartbeat: DEFAULT_HEARTBEAT,
            cull: HeartbeatCull::KeepDead,
            resurrection: HeartbeatResurrection::AlwaysRevive,
            check_in: None,
            scheme: KeyScheme::Random,
            offline_file: DEFAULT_OFFLINE_FILE,
            swaps: Some(SwapAllowance { count: 6, window: Duration::from_hours(30 * 24) }),
            customer_rotates_key: true,
            created_at: now,
            updated_at: now,
        };
        let entitlement = Entitlement {
            id: EntitlementId::new(now, self.random()?),
            code: EntitlementCode::parse("CHART_ASSISTANT")
                .ok_or(Internal::Broken("the default entitlement is none"))?,
            name: "AI chart assistant".to_owned(),
            created_at: now,
            updated_at: now,
        };
        tx.insert_product(&product).await?;
        tx.insert_policy(&policy).await?;
        tx.insert_entitlement(&entitlement).await?;
        tx.add_policy_entitlement(policy.id, entitlement.id).await?;
        let event = AuditEvent::Product(product.id, ProductEvent::Installed);
        self.record(&mut tx, now, Actor::Host, event).await?;
        tx.commit().await?;
        Ok(true)
    }
}
