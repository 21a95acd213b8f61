//! Issuing licenses.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::LicenseId,
    license::{Expiry, License},
    policy::Policy,
};
use latchkey_store::Tx;

use crate::{
    audit::event::LicenseEvent,
    error::{Internal, internal_errors},
    identity::actors::Admin,
    licensing::licenses::view::IssuedLicense,
    mail::{
        messages::{MailedLicense, keys::LicenseIssuedMail},
        notify::Notify,
    },
};

/// There is no policy with this code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no policy `{wanted}`: the catalog has {}", known.join(", "))]
pub struct PolicyNotFound {
    /// The code that was given.
    pub wanted: String,
    /// The codes of all policies.
    pub known: Vec<String>,
}

/// Why no license was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// There is no policy with this code.
    #[error(transparent)]
    PolicyNotFound(#[from] PolicyNotFound),
    /// The customer's account is banned.
    #[error("the account {0} is disabled")]
    AccountDisabled(EmailAddress),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(IssueError);

impl Admin<'_> {
    /// Issues a license under a policy. Creates the customer's account if there is none with this address.
    pub async fn issue_license(
        &self,
        email: &EmailAddress,
        policy_code: &str,
        notify: Notify,
    ) -> Result<IssuedLicense, IssueError> {
        let mut tx = self.service.store().write().await?;
        let policy = find_policy(tx.list_policies().await?, policy_code)?;
        let (owner, _) = self.find_or_create_account(&mut tx, email, None, Role::Customer).await?;
        if owner.disabled_at.is_some() {
            return Err(IssueError::AccountDisabled(owner.email));
        }
        let (id, mailed_to) = self.insert_license(&mut tx, &owner, &policy, notify).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(IssuedLicense { mailed_to, ..self.reload_license(id).await? })
    }

    pub(crate) async fn insert_license(
        &self,
        tx: &mut Tx,
        owner: &Account,
        policy: &Policy,
        notify: Notify,
    ) -> Result<(LicenseId, Option<EmailAddress>), Internal> {
        let now = self.service.now();
        let product = tx.get_product(policy.product).await?;
        let id = LicenseId::new(now, self.service.random()?);
        let key = self.service.new_license_key(tx, id, policy, &product, Expiry::on_issue(policy, now)).await?;
        let license = License::issue(id, owner.id, policy, key.hint(), now);
        tx.insert_license(&license, key.stored()).await?;
        let event = LicenseEvent::Issued { policy: policy.code.clone(), imported: false };
        self.service.record(tx, now, self.cause(), event.of(id)).await?;
        let mailed_to = match notify {
            Notify::Customer => {
                let mail = LicenseIssuedMail {
                    license: MailedLicense::new(&license, policy, &product),
                    key: &key.key,
                    expiry: license.expiry,
                };
                self.service.mail_customer(tx, owner, &mail, None).await?
            }
            Notify::Nobody => None,
        };
        Ok((id, mailed_to))
    }
}

/// The policy with this code.
pub(crate) fn find_policy(mut policies: Vec<Policy>, code: &str) -> Result<Policy, PolicyNotFound> {
    if let Some(at) = policies.iter().position(|policy| policy.code == code) {
        Ok(policies.swap_remove(at))
    } else {
        let known = policies.into_iter().map(|policy| policy.code).collect();
        Err(PolicyNotFound { wanted: code.to_owned(), known })
    }
}
