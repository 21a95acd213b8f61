//! A person's own passkeys: listed, renamed and removed.

use latchkey_licensing::{account::Role, ids::PasskeyId, time::Timestamp};

use crate::{
    audit::event::AccountEvent,
    error::Internal,
    identity::{
        accounts::name::parse_name,
        actors::{Customer, CustomerView, is_recent},
        passkeys::{ceremony::PasskeyError, enroll::may_enroll},
    },
    mail::{messages::account::PasskeyChangedMail, reasons::PasskeyChange},
};

/// A passkey as shown to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeySummary {
    /// The passkey's id.
    pub id: PasskeyId,
    /// The name that its owner gave it.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What a person can do about the second factor.
#[derive(Debug)]
pub struct SecondFactorState {
    /// The account's passkeys, the oldest first.
    pub passkeys: Vec<PasskeySummary>,
    /// How many recovery codes are left.
    pub codes_left: u32,
    /// Whether this session may create a passkey, or why not.
    pub may_enroll: Result<(), PasskeyError>,
    /// Whether the second factor is recent enough for sensitive acts.
    pub is_fresh: bool,
}

impl CustomerView<'_> {
    /// The account's passkeys, and what this session may do about them.
    pub async fn second_factor(&self) -> Result<SecondFactorState, Internal> {
        let service = self.service();
        let now = service.now();
        let account = self.account().id;
        let mut reader = service.store().read().await?;
        let passkeys = reader.list_passkeys_of(account).await?;
        let codes_left = u32::try_from(reader.count_recovery_codes(account).await?).unwrap_or_default();
        drop(reader);
        let may_enroll = service.verifier().map(drop).and_then(|()| match self.session() {
            Some(who) => may_enroll(who, passkeys.len(), now),
            None => Err(PasskeyError::NotFresh),
        });
        let summary = |passkey: latchkey_store::PasskeyRow| PasskeySummary {
            id: passkey.id,
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        };
        let is_fresh = self.session().and_then(|who| who.second_factor_at).is_some_and(|at| is_recent(at, now));
        Ok(SecondFactorState {
            passkeys: passkeys.into_iter().map(summary).collect(),
            codes_left,
            may_enroll,
            is_fresh,
        })
    }
}

impl Customer<'_> {
    /// Changes a passkey's name.
    pub async fn rename_passkey(&self, id: PasskeyId, name: &str) -> Result<(), PasskeyError> {
        let name = parse_name(name)?.ok_or(crate::identity::accounts::name::InvalidName)?;
        let now = self.service().now();
        let account = self.who().account.id;
        let mut tx = self.service().store().write().await?;
        if !tx.set_passkey_name(account, id, &name).await? {
            return Err(PasskeyError::NotFound);
        }
        let event = AccountEvent::PasskeyRenamed { passkey: id };
        self.service().record(&mut tx, now, self.cause(), event.of(account)).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a passkey. Needs a recent second factor (SU-03). Support agents and admins keep at least one, so the last
    /// admin is not locked out (SU-08).
    pub async fn remove_passkey(&self, id: PasskeyId) -> Result<(), PasskeyError> {
        let now = self.service().now();
        if !self.who().second_factor_at.is_some_and(|at| is_recent(at, now)) {
            return Err(PasskeyError::NotFresh);
        }
        let account = self.who().account.id;
        let mut tx = self.service().store().write().await?;
        tx.lock_account(account).await?;
        let existing = tx.list_passkeys_of(account).await?;
        let Some(passkey) = existing.iter().find(|passkey| passkey.id == id) else {
            return Err(PasskeyError::NotFound);
        };
        // The account is read in this transaction: its role may have changed since the request began.
        if existing.len() == 1 && tx.get_account(account).await?.role != Role::Customer {
            return Err(PasskeyError::LastOfStaff);
        }
        tx.delete_passkey(account, id).await?;
        if existing.len() == 1 {
            tx.delete_recovery_codes_of(account).await?;
        }
        let event = AccountEvent::PasskeyRemoved { passkey: id };
        self.service().record(&mut tx, now, self.cause(), event.of(account)).await?;
        let mail = PasskeyChangedMail { change: PasskeyChange::Removed, name: &passkey.name, at: now };
        self.service().mail_customer(&mut tx, &self.who().account, &mail, None).await?;
        tx.commit().await?;
        self.service().wake_mail_worker();
        Ok(())
    }
}
