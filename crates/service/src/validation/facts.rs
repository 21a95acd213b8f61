//! A license with everything that its rules look at, read at one moment.

use latchkey_licensing::{
    activation,
    ids::LicenseId,
    license::{License, LicenseStatus, Standing},
    license_key::LicenseKey,
    machine::{HeartbeatStatus, Machine},
    outage::Outage,
    policy::{ExpiryStrategy, Policy},
    time::Timestamp,
};
use latchkey_store::{Account, Product, Reader, Tx};

use crate::error::Internal;

/// Why a key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthRefusal {
    /// Unknown, or not a key at all: one answer (LC-12).
    #[error("the license key is not known")]
    Unknown,
    /// Suspended.
    #[error("the license is suspended")]
    Suspended,
    /// Revoked.
    #[error("the license is revoked")]
    Revoked,
    /// Its owner is banned.
    #[error("the license's owner is banned")]
    Banned,
    /// Over, under a policy that revokes access then.
    #[error("the license is expired")]
    Expired,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for AuthRefusal {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// A license as apps see it.
#[derive(Clone, Debug)]
pub struct LicenseDocument {
    /// The license.
    pub license: License,
    /// Its key.
    pub key: LicenseKey,
    /// Its policy.
    pub policy: Policy,
    /// Its product.
    pub product: Product,
    /// Its status.
    pub status: LicenseStatus,
    /// How many machines are active.
    pub machine_count: usize,
    /// The sum of their cores, as far as known.
    pub core_count: u64,
}

/// A machine as apps see it.
#[derive(Clone, Debug)]
pub struct MachineDocument {
    /// The machine.
    pub machine: Machine,
    /// Its heartbeat's state.
    pub heartbeat: HeartbeatStatus,
    /// When its next heartbeat is due, if it is asked for.
    pub next_heartbeat_at: Option<Timestamp>,
    /// The policy of its license.
    pub policy: Policy,
    /// The license's owner.
    pub owner: latchkey_licensing::ids::AccountId,
}

/// More machines than any license has in practice; a bound on what one request reads.
pub(crate) const ALL_MACHINES: i64 = 100_000;

/// More entitlements than any license has in practice.
pub(crate) const ALL_ENTITLEMENTS: i64 = 10_000;

/// A license, its policy, its product and its owner.
#[derive(Clone, Debug)]
pub(crate) struct LicenseFacts {
    pub(crate) license: License,
    pub(crate) policy: Policy,
    pub(crate) product: Product,
    pub(crate) owner: Account,
}

/// The same reading for what reads alone and for what also writes.
macro_rules! complete {
    ($($name:ident: $conn:ty;)+) => {
        impl LicenseFacts {$(
            /// What belongs to a license that was just read.
            pub(crate) async fn $name(conn: &mut $conn, license: License) -> Result<Self, Internal> {
                let policy = conn.find_policy(license.policy).await?.ok_or(Internal::Broken("a license has no policy"))?;
                let product = conn.find_product(license.product).await?.ok_or(Internal::Broken("a license has no product"))?;
                let owner = conn.find_account(license.account).await?.ok_or(Internal::Broken("a license has no owner"))?;
                Ok(Self { license, policy, product, owner })
            }
        )+}
    };
}

complete! {
    read: Reader;
    read_in: Tx;
}

impl LicenseFacts {
    /// Locks a license and reads it: what is decided then holds until the transaction ends. `None`
    /// if there is no such license.
    pub(crate) async fn lock(tx: &mut Tx, id: LicenseId) -> Result<Option<Self>, Internal> {
        tx.lock_license(id).await?;
        match tx.find_license(id).await? {
            Some(license) => Self::read_in(tx, license).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn owner_is_banned(&self) -> bool {
        self.owner.disabled_at.is_some()
    }

    /// Whether the license's key opens the API at `now`.
    pub(crate) fn may_use_api(&self, now: Timestamp) -> Result<(), AuthRefusal> {
        if self.owner_is_banned() {
            return Err(AuthRefusal::Banned);
        }
        match self.license.standing {
            Standing::Suspended(_) => return Err(AuthRefusal::Suspended),
            Standing::Revoked(_) => return Err(AuthRefusal::Revoked),
            Standing::Good => {}
        }
        if self.policy.expiry == ExpiryStrategy::RevokeAccess && self.license.is_expired(now) {
            return Err(AuthRefusal::Expired);
        }
        Ok(())
    }

    /// The license as apps see it.
    pub(crate) fn document(&self, machines: &[Machine], key: &LicenseKey, now: Timestamp) -> LicenseDocument {
        LicenseDocument {
            key: key.clone(),
            license: self.license.clone(),
            policy: self.policy.clone(),
            product: self.product.clone(),
            status: self.license.status(self.owner_is_banned(), machines, now),
            machine_count: machines.len(),
            core_count: activation::core_count(machines),
        }
    }

    /// The machine as apps see it.
    pub(crate) fn describe(&self, machine: Machine, outages: &[Outage], now: Timestamp) -> MachineDocument {
        let counted = machine.with_outages(&self.policy, outages);
        MachineDocument {
            heartbeat: counted.heartbeat(&self.policy, now),
            next_heartbeat_at: counted.next_heartbeat_at(&self.policy),
            machine,
            policy: self.policy.clone(),
            owner: self.license.account,
        }
    }
}
