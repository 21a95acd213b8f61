//! The sessions of the signed-in customer.

use latchkey_licensing::ids::SessionId;

use crate::{
    audit::event::AccountEvent,
    error::Internal,
    identity::{
        actors::{Customer, CustomerView},
        sign_in::sessions::{SessionSummary, is_alive},
    },
};

impl CustomerView<'_> {
    /// The customer's active sessions, the most recently used first.
    pub async fn sessions(&self) -> Result<Vec<SessionSummary>, Internal> {
        let now = self.service().now();
        let rows = self.service().store().read().await?.list_sessions_of(self.account().id).await?;
        let alive = rows.into_iter().filter(|row| is_alive(row, self.account().role, now));
        Ok(alive.map(SessionSummary::from).collect())
    }
}

impl Customer<'_> {
    /// Ends one of the customer's sessions. It is not an error if it has ended already.
    pub async fn end_session(&self, id: SessionId) -> Result<(), Internal> {
        let now = self.service().now();
        let account = self.who().account.id;
        let mut tx = self.service().store().write().await?;
        if tx.delete_session(account, id).await? {
            self.service().record(&mut tx, now, self.cause(), AccountEvent::SessionEnded.of(account)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends all of the customer's sessions, including the current one. Returns their number.
    pub async fn end_all_sessions(&self) -> Result<u64, Internal> {
        let now = self.service().now();
        let account = self.who().account.id;
        let mut tx = self.service().store().write().await?;
        let ended = tx.delete_sessions_of(account).await?;
        let event = AccountEvent::AllSessionsEnded { ended };
        self.service().record(&mut tx, now, self.cause(), event.of(account)).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
