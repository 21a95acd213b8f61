//! Presenting a second factor: a passkey, or a recovery code if there is no passkey at hand. The session gets a new token
//! and is then at level 2 of assurance.

use std::time::Duration;

use latchkey_store::{CeremonyBinding, PasskeyRow};

use crate::{
    audit::event::{AccountEvent, SecondFactor},
    error::Internal,
    identity::{
        actors::Customer,
        passkeys::{
            ceremony::PasskeyError,
            recovery::RecoveryCode,
            verifier::{PasskeyRefusal, VerifiedCredential, VerifyError},
        },
        sign_in::{secrets::SessionToken, sessions::lifetime},
    },
    operation::rate_limit::exact::RECOVERY_PER_ACCOUNT,
};

/// A session after its token was replaced.
#[derive(Clone, Debug)]
pub struct RaisedSession {
    /// The new token, for the browser's cookie. The old one is no longer valid.
    pub token: SessionToken,
    /// How long the session can last at most.
    pub lifetime: Duration,
}

impl Customer<'_> {
    /// Begins to present a passkey. Returns the options for the browser, as JSON.
    pub async fn start_confirmation(&self) -> Result<String, PasskeyError> {
        let service = self.service();
        let verifier = service.verifier()?;
        let (account, session) = (self.who().account.id, self.who().session);
        let passkeys = service.store().read_without_snapshot().await?.list_passkeys_of(account).await?;
        if passkeys.is_empty() {
            return Err(PasskeyError::NotFound);
        }
        let credentials: Vec<&str> = passkeys.iter().map(|passkey| passkey.credential.as_str()).collect();
        let challenge = verifier.start_confirmation(&credentials)?;
        Ok(service.open_ceremony(CeremonyBinding::Confirm(account, session), challenge, service.now()).await?)
    }

    /// Presents a passkey: `response` is what the browser's authenticator answered, as JSON.
    pub async fn confirm_with_passkey(&self, response: &str) -> Result<RaisedSession, PasskeyError> {
        let service = self.service();
        let now = service.now();
        let (passkey, used) = match self.verify_confirmation(response).await {
            Ok(verified) => verified,
            Err(error) => return Err(self.refused(error).await),
        };
        let mut tx = service.store().write().await?;
        if !tx.note_passkey_used(passkey.id, &used.credential, used.sign_count, now).await? {
            // Another response with the same counter came first, or the passkey was removed.
            drop(tx);
            return Err(self.refused(PasskeyRefusal::Counter.into()).await);
        }
        let token = service.raise_session(&mut tx, self.who().session, now).await?.ok_or(PasskeyError::SignedOut)?;
        let event = AccountEvent::SecondFactorPresented { means: SecondFactor::Passkey };
        service.record(&mut tx, now, self.cause(), event.of(self.who().account.id)).await?;
        tx.commit().await?;
        Ok(self.raised(token))
    }

    async fn verify_confirmation(&self, response: &str) -> Result<(PasskeyRow, VerifiedCredential), VerifyError> {
        let service = self.service();
        let verifier = service.0.verifier.as_ref().ok_or(PasskeyRefusal::NoCeremony)?;
        let (account, session) = (self.who().account.id, self.who().session);
        let state = service.take_ceremony(CeremonyBinding::Confirm(account, session), service.now()).await?;
        let internal = |error| VerifyError::Internal(Internal::Store(error));
        let mut reader = service.store().read_without_snapshot().await.map_err(internal)?;
        let passkeys = reader.list_passkeys_of(account).await.map_err(internal)?;
        drop(reader);
        let find = |id: &[u8]| passkeys.iter().find(|passkey| passkey.credential_id == id);
        let used = verifier.finish_confirmation(response, &state, |id| find(id).map(|one| one.credential.as_str()))?;
        let passkey = find(&used.id).cloned().ok_or(PasskeyRefusal::UnknownPasskey)?;
        Ok((passkey, used))
    }

    /// Presents a recovery code, which is then used up.
    pub async fn confirm_with_recovery_code(&self, code: &str) -> Result<RaisedSession, PasskeyError> {
        let service = self.service();
        let now = service.now();
        let account = self.who().account.id;
        let mut tx = service.store().write().await?;
        if let Some(throttled) = RECOVERY_PER_ACCOUNT.take(&mut tx, &format!("recovery:{account}"), now).await? {
            return Err(throttled.into());
        }
        let is_valid = match RecoveryCode::parse(code) {
            Some(code) => tx.use_recovery_code(account, &code.hash(), now).await?,
            None => false,
        };
        if !is_valid {
            // Commits the token that was taken.
            service.record(&mut tx, now, self.cause(), AccountEvent::RecoveryCodeRefused.of(account)).await?;
            tx.commit().await?;
            return Err(PasskeyError::CodeRefused);
        }
        let token = service.raise_session(&mut tx, self.who().session, now).await?.ok_or(PasskeyError::SignedOut)?;
        let event = AccountEvent::SecondFactorPresented { means: SecondFactor::RecoveryCode };
        service.record(&mut tx, now, self.cause(), event.of(account)).await?;
        tx.commit().await?;
        Ok(self.raised(token))
    }

    pub(crate) fn raised(&self, token: SessionToken) -> RaisedSession {
        RaisedSession { token, lifetime: lifetime(self.who().account.role).absolute }
    }
}
