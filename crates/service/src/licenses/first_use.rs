//! The first use of a license, where its time begins with it.

use latchkey_licensing::{
    license::{End, FirstUse, License},
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::Tx;
use serde_json::json;

use crate::{
    audit::log::{Actor, Event},
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
        let until = match end {
            End::At(at) => Some(at.rfc3339()),
            End::Never | End::AfterFirstUse => None,
        };
        let event = Event::new(actor, "license.begun", "license", license.id).with(json!({ "until": until }));
        self.record(tx, now, event).await
    }
}
