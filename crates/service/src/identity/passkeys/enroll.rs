//! Creating passkeys.
//!
//! The first passkey decides who controls an account, so it needs proof beyond an old session. Support agents and admins
//! need a link that was created on the host (SU-05), customers a recent sign-in. Once there is a passkey, another one needs
//! a second factor that was presented recently (SU-03).

use latchkey_licensing::{account::Role, ids::PasskeyId, time::Timestamp};
use latchkey_store::{CeremonyBinding, PasskeyRow, StoreError};

use crate::{
    audit::event::AccountEvent,
    identity::{
        accounts::name::parse_name,
        actors::{Customer, SignedIn, is_recent},
        passkeys::{
            ceremony::PasskeyError,
            confirm::RaisedSession,
            recovery::RecoveryCode,
            verifier::{PasskeyOwner, PasskeyRefusal, VerifiedCredential, VerifyError},
        },
    },
    mail::{messages::account::PasskeyChangedMail, reasons::PasskeyChange},
};

/// The most passkeys of an account.
const MAX_PASSKEYS: usize = 20;

/// The name of a passkey that its owner did not name.
const UNNAMED: &str = "Passkey";

/// A passkey was created.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The session, whose second factor is the new passkey.
    pub session: RaisedSession,
    /// The recovery codes, if it is the account's first passkey. They are shown only now.
    pub codes: Vec<RecoveryCode>,
}

/// Whether a session may create a passkey for an account that has `existing` ones.
pub(crate) fn may_enroll(who: &SignedIn, existing: usize, now: Timestamp) -> Result<(), PasskeyError> {
    let is_allowed = |is_allowed: bool, or: PasskeyError| if is_allowed { Ok(()) } else { Err(or) };
    if existing >= MAX_PASSKEYS {
        return Err(PasskeyError::TooMany(MAX_PASSKEYS));
    }
    match who.account.role {
        _ if existing > 0 => {
            is_allowed(who.second_factor_at.is_some_and(|at| is_recent(at, now)), PasskeyError::NotFresh)
        }
        Role::Support | Role::Admin => {
            is_allowed(who.may_enroll_until.is_some_and(|until| now < until), PasskeyError::HostLinkNeeded)
        }
        Role::Customer => is_allowed(is_recent(who.authenticated_at, now), PasskeyError::SignInAgain),
    }
}

impl Customer<'_> {
    /// Begins to create a passkey. Returns the options for the browser, as JSON.
    pub async fn start_enrollment(&self) -> Result<String, PasskeyError> {
        let service = self.service();
        let verifier = service.verifier()?;
        let now = service.now();
        let account = &self.who().account;
        let existing = service.store().read_without_snapshot().await?.list_passkeys_of(account.id).await?;
        may_enroll(self.who(), existing.len(), now)?;
        let email = account.email.as_str();
        let owner = PasskeyOwner { id: account.id.uuid(), email, name: account.name.as_deref().unwrap_or(email) };
        let existing = existing.into_iter().map(|passkey| passkey.credential_id).collect();
        let challenge = verifier.start_enrollment(owner, existing)?;
        Ok(service.open_ceremony(CeremonyBinding::Enroll(account.id, self.who().session), challenge, now).await?)
    }

    /// Creates a passkey: `response` is what the browser's authenticator answered, as JSON.
    pub async fn finish_enrollment(&self, response: &str, name: &str) -> Result<Enrolled, PasskeyError> {
        let service = self.service();
        let now = service.now();
        let account = self.who().account.id;
        let name = parse_name(name)?.unwrap_or_else(|| UNNAMED.to_owned());
        let new = match self.verify_enrollment(response, now).await {
            Ok(new) => new,
            Err(error) => return Err(self.refused(error).await),
        };
        let passkey = PasskeyRow {
            id: PasskeyId::new(now, service.random()?),
            account,
            credential_id: new.id,
            credential: new.credential,
            sign_count: new.sign_count,
            name,
            created_at: now,
            last_used_at: None,
        };
        let mut tx = service.store().write().await?;
        tx.lock_account(account).await?;
        let existing = tx.list_passkeys_of(account).await?.len();
        may_enroll(self.who(), existing, now)?;
        match tx.insert_passkey(&passkey).await {
            Ok(()) => {}
            Err(StoreError::Conflict(_)) => {
                drop(tx);
                return Err(self.refused(PasskeyRefusal::UnknownPasskey.into()).await);
            }
            Err(error) => return Err(error.into()),
        }
        let mail = PasskeyChangedMail { change: PasskeyChange::Added, name: &passkey.name, at: now };
        service.mail_customer(&mut tx, &self.who().account, &mail, None).await?;
        let event = AccountEvent::PasskeyAdded { passkey: passkey.id };
        service.record(&mut tx, now, self.cause(), event.of(account)).await?;
        let codes = if existing == 0 { self.create_recovery_codes(&mut tx, now).await? } else { Vec::new() };
        let token = service.raise_session(&mut tx, self.who().session, now).await?.ok_or(PasskeyError::SignedOut)?;
        tx.commit().await?;
        service.wake_mail_worker();
        Ok(Enrolled { session: self.raised(token), codes })
    }

    async fn verify_enrollment(&self, response: &str, now: Timestamp) -> Result<VerifiedCredential, VerifyError> {
        let service = self.service();
        let verifier = service.0.verifier.as_ref().ok_or(PasskeyRefusal::NoCeremony)?;
        let binding = CeremonyBinding::Enroll(self.who().account.id, self.who().session);
        let state = service.take_ceremony(binding, now).await?;
        verifier.finish_enrollment(response, &state)
    }
}
