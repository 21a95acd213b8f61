//! Signing in with a passkey, without an address. The authenticator verifies its user, so the session has the second factor
//! from the start.

use latchkey_store::{CeremonyBinding, PasskeyRow};

use crate::{
    audit::{actor::Actor, event::SignInMeans},
    error::Internal,
    identity::{
        passkeys::{
            ceremony::PasskeyError,
            verifier::{PasskeyRefusal, VerifiedCredential, Verifier, VerifyError},
        },
        sign_in::{
            email::{ConfirmedSignIn, SignInOrigin},
            secrets::{BrowserSecret, SessionToken},
            sessions::NewSignIn,
        },
    },
    operation::rate_limit::{bucket::network_bucket, exact::PASSKEY_PER_NETWORK},
    service::Service,
};

impl Service {
    /// Whether browsers can create passkeys for the portal's address.
    pub fn has_passkeys(&self) -> bool {
        self.0.verifier.is_some()
    }

    /// Begins to sign in with a passkey. Returns the browser's cookie, and the options for the browser as JSON.
    pub async fn start_passkey_sign_in(
        &self,
        origin: SignInOrigin<'_>,
    ) -> Result<(BrowserSecret, String), PasskeyError> {
        let challenge = self.verifier()?.start_sign_in()?;
        let now = self.now();
        let mut tx = self.store().write().await?;
        let bucket = network_bucket("passkey", origin.ip);
        let throttled = PASSKEY_PER_NETWORK.take(&mut tx, &bucket, now).await?;
        tx.commit().await?;
        if let Some(throttled) = throttled {
            return Err(throttled.into());
        }
        let browser = BrowserSecret::new(self.random()?);
        let options = self.open_ceremony(CeremonyBinding::SignIn(browser.hash()), challenge, now).await?;
        Ok((browser, options))
    }

    /// Signs in with a passkey: `response` is what the browser's authenticator answered, as JSON. `earlier` is the browser's
    /// previous session, which ends.
    pub async fn sign_in_with_passkey(
        &self,
        response: &str,
        browser: &BrowserSecret,
        origin: SignInOrigin<'_>,
        earlier: Option<&SessionToken>,
    ) -> Result<ConfirmedSignIn, PasskeyError> {
        let now = self.now();
        let found = self.find_claimed(response).await?;
        let Some(passkey) = found else {
            // The ceremony is used up all the same.
            let taken = self.take_ceremony(CeremonyBinding::SignIn(browser.hash()), now).await;
            let why = taken.err().unwrap_or(PasskeyRefusal::UnknownPasskey.into());
            return Err(self.refused(Actor::Visitor.on(origin.ip), None, why).await);
        };
        let used = match self.verify_sign_in(response, browser, &passkey).await {
            Ok(used) => used,
            Err(error) => return Err(self.refused(Actor::Visitor.on(origin.ip), Some(passkey.account), error).await),
        };
        let mut tx = self.store().write().await?;
        let account = tx.get_account(passkey.account).await?;
        let is_used = tx.note_passkey_used(passkey.id, &used.credential, used.sign_count, now).await?;
        if account.disabled_at.is_some() || !is_used {
            drop(tx);
            return Err(self
                .refused(Actor::Visitor.on(origin.ip), Some(passkey.account), PasskeyRefusal::Counter.into())
                .await);
        }
        let new = NewSignIn { means: SignInMeans::Passkey, second_factor_at: Some(now), may_enroll_until: None };
        let confirmed = self.open_session(&mut tx, &account, new, origin, earlier).await?;
        tx.commit().await?;
        self.wake_mail_worker();
        Ok(confirmed)
    }

    async fn find_claimed(&self, response: &str) -> Result<Option<PasskeyRow>, Internal> {
        let Ok(id) = Verifier::claimed_credential(response) else { return Ok(None) };
        Ok(self.store().read_without_snapshot().await?.find_passkey(&id).await?)
    }

    async fn verify_sign_in(
        &self,
        response: &str,
        browser: &BrowserSecret,
        passkey: &PasskeyRow,
    ) -> Result<VerifiedCredential, VerifyError> {
        let verifier = self.0.verifier.as_ref().ok_or(PasskeyRefusal::NoCeremony)?;
        let state = self.take_ceremony(CeremonyBinding::SignIn(browser.hash()), self.now()).await?;
        verifier.finish_sign_in(response, &state, &passkey.credential)
    }
}
