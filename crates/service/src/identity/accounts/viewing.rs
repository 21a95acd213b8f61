//! Staff who see the portal as a customer does, without being able to change anything.

use std::time::Duration;

use latchkey_licensing::{
    account::{Account, Role},
    ids::AccountId,
};

use crate::{
    audit::event::AccountEvent,
    error::{Internal, internal_errors},
    identity::actors::{Fresh, SeenCustomer, SignedIn, Support},
    service::Service,
};

/// How long a member of staff sees a customer's portal.
pub const VIEW_LIFETIME: Duration = Duration::from_mins(15);

/// Why staff cannot see the portal as a person does.
#[derive(Debug, thiserror::Error)]
pub enum ViewPortalError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The account is a support agent's or admin's.
    #[error("only the portals of customers can be seen")]
    Staff,
    /// Another instance serves the portal, where this session is not known.
    #[error("another instance serves the portal")]
    ServedElsewhere,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ViewPortalError);

impl Support<'_> {
    /// Lets this session see the portal as a customer does, for [`VIEW_LIFETIME`]. It replaces an earlier view.
    pub async fn view_portal(&self, id: AccountId, who: &SignedIn, _fresh: &Fresh) -> Result<Account, ViewPortalError> {
        if !self.service.0.options.serves_portal() {
            return Err(ViewPortalError::ServedElsewhere);
        }
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.find_account(id).await?.ok_or(ViewPortalError::NotFound)?;
        if account.role != Role::Customer {
            return Err(ViewPortalError::Staff);
        }
        tx.set_portal_view(who.session, id, now.plus(VIEW_LIFETIME)).await?;
        self.service.record(&mut tx, now, self.cause(), AccountEvent::PortalViewed.of(id)).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Ends this session's view of a customer's portal. Returns the customer's account. `None` if there was no view.
    pub async fn end_portal_view(&self, who: &SignedIn) -> Result<Option<AccountId>, Internal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = tx.delete_portal_view(who.session).await?;
        if let Some(account) = account {
            self.service.record(&mut tx, now, self.cause(), AccountEvent::PortalViewEnded.of(account)).await?;
        }
        tx.commit().await?;
        Ok(account)
    }
}

impl Service {
    /// The customer whose portal this member of staff sees now. `None` for everyone else.
    pub async fn seen_customer(&self, who: &SignedIn) -> Result<Option<SeenCustomer>, Internal> {
        if self.staff(who).is_err() {
            return Ok(None);
        }
        let seen = self.store().read_without_snapshot().await?.find_portal_view(who.session, self.now()).await?;
        Ok(seen.filter(|account| account.role == Role::Customer).map(SeenCustomer))
    }
}
