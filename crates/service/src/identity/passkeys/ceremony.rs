//! Starting and finishing ceremonies, and why they fail.

use std::time::Duration;

use latchkey_licensing::{
    ids::{AccountId, CeremonyId, SessionId},
    time::Timestamp,
};
use latchkey_store::{CeremonyBinding, NewCeremony, Tx};

use crate::{
    audit::{actor::Cause, event::AccountEvent},
    error::{Internal, internal_errors},
    identity::{
        accounts::name::InvalidName,
        actors::Customer,
        passkeys::verifier::{Challenge, PasskeyRefusal, Verifier, VerifyError},
        sign_in::secrets::SessionToken,
    },
    operation::rate_limit::gcra::Throttled,
    service::Service,
};

/// How long a ceremony can be finished (SU-04).
const CEREMONY_LIFETIME: Duration = Duration::from_mins(5);

/// Why a passkey or recovery code was not created, used or changed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The portal's address has no name, for which browsers create no passkeys.
    #[error("passkeys need a portal whose address has a name: set server.portal_url")]
    NotAvailable,
    /// A passkey of the account must be presented first.
    #[error("this needs a passkey that was used within the last 5 minutes")]
    NotFresh,
    /// The first passkey of a support agent or admin needs a link that was created on the host.
    #[error("the first passkey needs a link from `latchkey admin reset`")]
    HostLinkNeeded,
    /// The first passkey of a customer needs a sign-in within the last 5 minutes.
    #[error("the first passkey needs a recent sign-in")]
    SignInAgain,
    /// The authenticator's response was refused.
    #[error("the passkey was refused")]
    Refused(PasskeyRefusal),
    /// The recovery code is unknown, used or another account's.
    #[error("this recovery code is not valid")]
    CodeRefused,
    /// Too many recovery codes were tried.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The account has as many passkeys as are allowed.
    #[error("an account has at most {0} passkeys")]
    TooMany(usize),
    /// The name cannot be used.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The account has no such passkey.
    #[error("there is no such passkey")]
    NotFound,
    /// A support agent or admin keeps at least one passkey.
    #[error("support agents and admins need at least one passkey")]
    LastOfStaff,
    /// The session has ended.
    #[error("the session has ended")]
    SignedOut,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(PasskeyError);

impl Service {
    pub(crate) fn verifier(&self) -> Result<&Verifier, PasskeyError> {
        self.0.verifier.as_ref().ok_or(PasskeyError::NotAvailable)
    }

    /// Stores a challenge. An earlier one for the same purpose can no longer be used. Returns the options for the browser.
    pub(crate) async fn open_ceremony(
        &self,
        binding: CeremonyBinding,
        challenge: Challenge,
        now: Timestamp,
    ) -> Result<String, Internal> {
        let id = CeremonyId::new(now, self.random()?);
        let mut tx = self.store().write().await?;
        let expires_at = now.plus(CEREMONY_LIFETIME);
        tx.insert_ceremony(&NewCeremony { id, binding, state: &challenge.state, expires_at }).await?;
        tx.commit().await?;
        Ok(challenge.options)
    }

    /// Takes the state of a ceremony, in a transaction of its own: it cannot be used again, even if the response is refused.
    pub(crate) async fn take_ceremony(&self, binding: CeremonyBinding, now: Timestamp) -> Result<String, VerifyError> {
        let internal = |error| VerifyError::Internal(Internal::Store(error));
        let mut tx = self.store().write().await.map_err(internal)?;
        let state = tx.take_ceremony(binding, now).await.map_err(internal)?;
        tx.commit().await.map_err(internal)?;
        state.ok_or(VerifyError::Refused(PasskeyRefusal::NoCeremony))
    }

    /// Records a refused response in the audit log (SU-09), as an event of the account that it is about.
    pub(crate) async fn refused(&self, by: Cause<'_>, account: Option<AccountId>, error: VerifyError) -> PasskeyError {
        let why = match error {
            VerifyError::Refused(why) => why,
            VerifyError::Internal(error) => return error.into(),
        };
        let Some(id) = account else {
            tracing::warn!(?why, "a passkey was refused");
            return PasskeyError::Refused(why);
        };
        let recorded = async {
            let mut tx = self.store().write().await?;
            self.record(&mut tx, self.now(), by, AccountEvent::PasskeyRefused { why }.of(id)).await?;
            Ok::<_, Internal>(tx.commit().await?)
        };
        match recorded.await {
            Ok(()) => PasskeyError::Refused(why),
            Err(error) => error.into(),
        }
    }

    /// Gives a session a new token and the second factor (ML-16). Returns the token, or `None` if the session has ended.
    pub(crate) async fn raise_session(
        &self,
        tx: &mut Tx,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<SessionToken>, Internal> {
        let token = SessionToken::from_bytes(self.random()?);
        Ok(tx.raise_session(session, &token.hash(), now).await?.then_some(token))
    }
}

impl Customer<'_> {
    /// Records that this person's response was refused.
    pub(crate) async fn refused(&self, error: VerifyError) -> PasskeyError {
        self.service().refused(self.cause(), Some(self.who().account.id), error).await
    }
}
