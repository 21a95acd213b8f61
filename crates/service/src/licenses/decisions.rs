//! What an admin decides: accounts, licenses and their standing. Today the commands on the host
//! call this; the admin pages will hold the same type.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{AccountId, LicenseId, SigningKeyId},
    license::{End, License, RenewRefusal, Standing},
    license_key::LicenseKey,
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{
        actor::Actor,
        event::{ACCOUNT, AccountEvent, AuditEvent, LicenseEvent, MadeAs},
        log::AuditEntry,
    },
    error::Internal,
    licenses::customer::LicenseView,
    service::Service,
    sign_in::secrets::HostLink,
};

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Whoever may run commands on the host.
    Host,
}

/// The use cases of an admin.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    pub(crate) service: &'a Service,
    pub(crate) actor: Actor,
}

/// Why a decision was not carried out. Nothing changed then.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// There is no account with this address.
    #[error("there is no account with the address {0}: `latchkey customer add {0}` makes one")]
    AccountNotFound(String),
    /// There is no license with this id.
    #[error("there is no license with the id {0}: `latchkey customer show EMAIL` lists a customer's")]
    LicenseNotFound(LicenseId),
    /// There is no policy with this code.
    #[error("there is no policy `{wanted}`: the catalog has {}", known.join(", "))]
    PolicyNotFound {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The account is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(String),
    /// The license is revoked, which is for good.
    #[error("license {0} is revoked, and a revoked license stays revoked: issue a new one")]
    Revoked(LicenseId),
    /// There is no signing key with this id.
    #[error("there is no signing key with the id {0}: `latchkey keys list` shows those there are")]
    SigningKeyNotFound(SigningKeyId),
    /// The signing key is the one that signs.
    #[error("key {0} signs now: `latchkey keys rotate` first")]
    SigningKeyActive(SigningKeyId),
    /// Files or license keys that the key signed are still about.
    #[error("key {id} is in use: {}. Retire it with --even-if-in-use to end them now", in_use(*files_until, *licenses))]
    SigningKeyInUse {
        /// The key.
        id: SigningKeyId,
        /// Until when files are good that it signed.
        files_until: Option<Timestamp>,
        /// How many licenses have a key that it signed.
        licenses: i64,
    },
    /// The license cannot be renewed.
    #[error("license {id} cannot be renewed: {why}")]
    NotRenewable {
        /// The license.
        id: LicenseId,
        /// Why.
        why: RenewRefusal,
    },
    /// The change would break a rule.
    #[error("{0}")]
    Invalid(String),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

fn in_use(files_until: Option<Timestamp>, licenses: i64) -> String {
    let files = files_until.map(|until| format!("files that it signed are good until {}", until.human_date()));
    let keys = (licenses > 0).then(|| format!("{licenses} licenses have a key that it signed"));
    files.into_iter().chain(keys).collect::<Vec<_>>().join(", and ")
}

impl From<latchkey_store::StoreError> for AdminError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// A license with its key and its owner.
#[derive(Clone, Debug)]
pub struct IssuedLicense {
    /// The license.
    pub view: LicenseView,
    /// Its key.
    pub key: LicenseKey,
    /// Its owner.
    pub owner: Account,
}

/// An account with all that belongs to it.
#[derive(Clone, Debug)]
pub struct CustomerRecord {
    /// The account.
    pub account: Account,
    /// Its licenses, each with its key.
    pub licenses: Vec<(LicenseView, LicenseKey)>,
    /// The newest rows of the audit log about it.
    pub history: Vec<AuditEntry>,
}

impl Service {
    /// The use cases of an admin.
    pub fn admin(&self, operator: Operator) -> Admin<'_> {
        let actor = match operator {
            Operator::Host => Actor::Host,
        };
        Admin { service: self, actor }
    }
}

impl Admin<'_> {
    /// Makes an account an admin's, which makes the account if need be, and a link to sign in with.
    pub async fn add_admin(&self, email: &EmailAddress) -> Result<(Account, HostLink), AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let (mut account, _) = self.ensure_account(&mut tx, email, None, Role::Admin).await?;
        if account.disabled_at.is_some() {
            return Err(AdminError::AccountDisabled(email.to_string()));
        }
        if account.role != Role::Admin {
            tx.set_account_role(account.id, Role::Admin, now).await?;
            let event = AccountEvent::RoleChanged { from: account.role, to: Role::Admin };
            self.service.record(&mut tx, now, self.actor, event.of(account.id)).await?;
            account.role = Role::Admin;
        }
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        Ok((account, link))
    }

    /// Makes a one-time link to sign in with, for an account that exists.
    pub async fn sign_in_link(&self, email: &EmailAddress) -> Result<HostLink, AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = self.find_account(&mut tx, email).await?;
        if account.disabled_at.is_some() {
            return Err(AdminError::AccountDisabled(email.to_string()));
        }
        let link = self.service.host_link(&mut tx, &account, now).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// Makes a customer. Returns the account, and whether it is new.
    pub async fn add_customer(
        &self,
        email: &EmailAddress,
        name: Option<String>,
    ) -> Result<(Account, bool), AdminError> {
        let mut tx = self.service.store().write().await?;
        let made = self.ensure_account(&mut tx, email, name, Role::Customer).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// A customer with licenses and history.
    pub async fn customer(&self, email: &EmailAddress) -> Result<CustomerRecord, AdminError> {
        let mut reader = self.service.store().read().await?;
        let account = reader.find_account_by_email(email).await?;
        let account = account.ok_or_else(|| AdminError::AccountNotFound(email.to_string()))?;
        let banned = account.disabled_at.is_some();
        let mut licenses = Vec::new();
        for license in reader.list_licenses_of(account.id).await? {
            let sealed = reader.get_key_ciphertext(license.id).await?;
            let key = self.service.0.vault.open_key(license.id, &sealed).map_err(Internal::from)?;
            licenses.push((self.service.view_license(&mut reader, license, banned).await?, key));
        }
        let history = reader.list_audit_of(ACCOUNT, &account.id.to_string(), 50).await?;
        Ok(CustomerRecord { account, licenses, history: AuditEntry::read_all(history)? })
    }

    /// Issues a license under a policy, and makes the customer when the address is new.
    pub async fn issue_license(&self, email: &EmailAddress, policy_code: &str) -> Result<IssuedLicense, AdminError> {
        let mut tx = self.service.store().write().await?;
        let policy = self.find_policy(&mut tx, policy_code).await?;
        let (owner, _) = self.ensure_account(&mut tx, email, None, Role::Customer).await?;
        if owner.disabled_at.is_some() {
            return Err(AdminError::AccountDisabled(email.to_string()));
        }
        let id = self.insert_license(&mut tx, &owner, &policy).await?;
        tx.commit().await?;
        self.license(id).await
    }

    async fn insert_license(&self, tx: &mut Tx, owner: &Account, policy: &Policy) -> Result<LicenseId, Internal> {
        let now = self.service.now();
        let product = tx.find_product(policy.product).await?.ok_or(Internal::Broken("a policy has no product"))?;
        let id = LicenseId::new(now, self.service.random()?);
        let end = End::on_issue(policy, now);
        let key = self.service.new_license_key(tx, id, policy, &product, end).await?;
        let license = License {
            id,
            account: owner.id,
            product: product.id,
            policy: policy.id,
            key_prefix: key.text.prefix().to_owned(),
            key_tail: key.text.tail().to_owned(),
            standing: Standing::Good,
            end,
            max_machines: None,
            max_cores: None,
            max_uses: None,
            uses: 0,
            metadata: "{}".to_owned(),
            last_validated_at: None,
            last_check_in_at: None,
            last_check_out_at: None,
            created_at: now,
            updated_at: now,
        };
        tx.insert_license(&license, key.kept()).await?;
        let event = LicenseEvent::Issued { policy: policy.code.clone(), imported: false };
        self.service.record(tx, now, self.actor, event.of(id)).await?;
        Ok(id)
    }

    /// A license with its key and its owner.
    pub async fn license(&self, id: LicenseId) -> Result<IssuedLicense, AdminError> {
        let mut reader = self.service.store().read().await?;
        let license = reader.find_license(id).await?.ok_or(AdminError::LicenseNotFound(id))?;
        let owner = reader.find_account(license.account).await?.ok_or(Internal::Broken("a license has no owner"))?;
        let sealed = reader.get_key_ciphertext(id).await?;
        let key = self.service.0.vault.open_key(id, &sealed).map_err(Internal::from)?;
        let view = self.service.view_license(&mut reader, license, owner.disabled_at.is_some()).await?;
        Ok(IssuedLicense { view, key, owner })
    }

    /// Suspends a license: it validates as suspended from now on. Doing it twice changes nothing.
    pub async fn suspend_license(&self, id: LicenseId) -> Result<IssuedLicense, AdminError> {
        self.set_standing(id, LicenseEvent::Suspended, |standing, now| match standing {
            Standing::Good => Ok(Some(Standing::Suspended(now))),
            Standing::Suspended(_) => Ok(None),
            Standing::Revoked(_) => Err(AdminError::Revoked(id)),
        })
        .await
    }

    /// Lifts a suspension. Doing it twice changes nothing.
    pub async fn reinstate_license(&self, id: LicenseId) -> Result<IssuedLicense, AdminError> {
        self.set_standing(id, LicenseEvent::Reinstated, |standing, _| match standing {
            Standing::Suspended(_) => Ok(Some(Standing::Good)),
            Standing::Good => Ok(None),
            Standing::Revoked(_) => Err(AdminError::Revoked(id)),
        })
        .await
    }

    /// Revokes a license, for good. Doing it twice changes nothing.
    pub async fn revoke_license(&self, id: LicenseId) -> Result<IssuedLicense, AdminError> {
        self.set_standing(id, LicenseEvent::Revoked, |standing, now| match standing {
            Standing::Good | Standing::Suspended(_) => Ok(Some(Standing::Revoked(now))),
            Standing::Revoked(_) => Ok(None),
        })
        .await
    }

    async fn set_standing(
        &self,
        id: LicenseId,
        event: LicenseEvent,
        decide: impl FnOnce(Standing, Timestamp) -> Result<Option<Standing>, AdminError> + Send,
    ) -> Result<IssuedLicense, AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_license(id).await?;
        let mut license = tx.find_license(id).await?.ok_or(AdminError::LicenseNotFound(id))?;
        if let Some(standing) = decide(license.standing, now)? {
            license.standing = standing;
            license.updated_at = now;
            tx.update_license(&license).await?;
            self.service.record(&mut tx, now, self.actor, event.of(id)).await?;
        }
        tx.commit().await?;
        self.license(id).await
    }

    async fn find_account(&self, tx: &mut Tx, email: &EmailAddress) -> Result<Account, AdminError> {
        let found = tx.find_account_by_email(email).await?;
        found.ok_or_else(|| AdminError::AccountNotFound(email.to_string()))
    }

    /// The account with this address; made, in this transaction, if there is none.
    pub(crate) async fn ensure_account(
        &self,
        tx: &mut Tx,
        email: &EmailAddress,
        name: Option<String>,
        role: Role,
    ) -> Result<(Account, bool), AdminError> {
        let now = self.service.now();
        let (account, is_new) = self.find_or_insert_account(tx, email, name, role).await?;
        if is_new {
            self.service.record(tx, now, self.actor, Self::account_made(&account)).await?;
        }
        Ok((account, is_new))
    }

    /// The account of an address, and whether it was made; [that](Self::account_made) is left to the
    /// caller to write down, in the same transaction.
    pub(crate) async fn find_or_insert_account(
        &self,
        tx: &mut Tx,
        email: &EmailAddress,
        name: Option<String>,
        role: Role,
    ) -> Result<(Account, bool), AdminError> {
        let account = self.service.new_account(email, name, role, self.service.now())?;
        if tx.insert_account(&account).await? {
            return Ok((account, true));
        }
        Ok((self.find_account(tx, email).await?, false))
    }

    /// That an account was made.
    pub(crate) fn account_made(account: &Account) -> AuditEvent {
        AccountEvent::Made { role: Some(MadeAs(account.role)) }.of(account.id)
    }

    /// Bans an account: its sessions end now, its licenses validate as banned.
    pub async fn disable_account(&self, email: &EmailAddress) -> Result<AccountId, AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let account = self.find_account(&mut tx, email).await?;
        tx.set_account_disabled(account.id, Some(now), now).await?;
        tx.delete_sessions_of(account.id).await?;
        self.service.record(&mut tx, now, self.actor, AccountEvent::Disabled.of(account.id)).await?;
        tx.commit().await?;
        Ok(account.id)
    }
}
