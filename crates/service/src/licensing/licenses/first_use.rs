//! The first use of a license, which may start its duration.

use latchkey_licensing::{
    license::{FirstUse, License},
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{actor::Cause, event::LicenseEvent},
    error::Internal,
    service::Service,
};

impl Service {
    /// Starts a license's duration, if this is the use that starts it. The license must be locked.
    pub(crate) async fn start_duration_on_first_use(
        &self,
        tx: &mut Tx,
        license: &mut License,
        policy: &Policy,
        first_use: FirstUse,
        cause: impl Into<Cause<'_>> + Send,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let Some(expiry) = license.expiry_after(first_use, policy, now) else {
            return Ok(());
        };
        license.expiry = expiry;
        license.updated_at = now;
        tx.update_license(license).await?;
        self.record(tx, now, cause, LicenseEvent::Started { until: expiry.at() }.of(license.id)).await
    }
}
