//! The first use of a license, where its time begins with it.

use latchkey_licensing::{
    license::{FirstUse, License},
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{actor::Actor, event::LicenseEvent},
    error::Internal,
    service::Service,
};

impl Service {
    /// Begins a license's time, if this is the use that begins it. The license must be locked.
    pub(crate) async fn note_first_use(
        &self,
        tx: &mut Tx,
        license: &mut License,
        policy: &Policy,
        first: FirstUse,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let Some(end) = license.end_after(first, policy, now) else {
            return Ok(());
        };
        license.end = end;
        license.updated_at = now;
        tx.update_license(license).await?;
        self.record(tx, now, actor, LicenseEvent::Begun { until: end.at() }.of(license.id)).await
    }
}
