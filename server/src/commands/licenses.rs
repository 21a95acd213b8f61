//! `license …`

mod look;
mod transfer;

use latchkey_licensing::{
    email::EmailAddress, entitlement::EntitlementCode, ids::LicenseId, license::Expiry, time::Timestamp,
};
use latchkey_service::{
    ChangeError, ImportTerms, IssueError, IssuedLicense, LicenseChange, LicenseError, Notify, Operator, RenewError,
    Service, StandingError,
};
use serde_json::json;

use crate::{
    cli::{License, LicenseSet},
    commands::{
        catalog::NO_PRODUCTS,
        terminal::{
            arguments::{address, license_id, no_account},
            confirmation::{Answer, confirm},
            describe::{self, with},
        },
    },
    console,
    startup::Failure,
};

pub(super) fn not_found(id: LicenseId) -> Failure {
    let hint = "`latchkey customer show EMAIL` lists a customer's licenses";
    Failure::Refused(format!("there is no license with the id {id}: {hint}"))
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::PolicyNotFound(_) | IssueError::AccountDisabled(_) => Self::Refused(error.to_string()),
            IssueError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<LicenseError> for Failure {
    fn from(error: LicenseError) -> Self {
        match error {
            LicenseError::NotFound(id) => not_found(id),
            LicenseError::Changed => Self::Refused(error.to_string()),
            LicenseError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<StandingError> for Failure {
    fn from(error: StandingError) -> Self {
        match error {
            StandingError::NotFound(id) => not_found(id),
            StandingError::Revoked(_) => Self::Refused(format!("{error}: issue a new one")),
            StandingError::ByPayment { .. } | StandingError::Changed => Self::Refused(error.to_string()),
            StandingError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<RenewError> for Failure {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::NotFound(id) => not_found(id),
            RenewError::Refused { .. } | RenewError::Changed => Self::Refused(error.to_string()),
            RenewError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        Self::Refused(match error {
            ChangeError::NotFound(id) => return not_found(id),
            ChangeError::OwnerNotFound(email) => return no_account(&email),
            ChangeError::OtherProduct { .. } => format!("{error}: issue a new license under it"),
            ChangeError::NodeLocked { .. } => {
                format!(
                    "max_machines: {error}: move the license to another policy, or remove its own limit with --max-machines policy"
                )
            }
            ChangeError::Changed
            | ChangeError::PolicyNotFound(_)
            | ChangeError::OutOfRange(_)
            | ChangeError::Metadata(_)
            | ChangeError::EntitlementNotFound { .. } => error.to_string(),
            ChangeError::Internal(error) => return Self::Internal(error),
        })
    }
}

pub(crate) async fn license(service: &Service, command: License, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let issued = match command {
        License::Issue { email, policy, no_mail } => {
            let email = address(&email)?;
            if service.is_catalog_empty().await? {
                return Err(Failure::Refused(NO_PRODUCTS.to_owned()));
            }
            admin.issue_license(&email, &policy, notify(no_mail)).await?
        }
        License::List(list) => return look::list(service, *list, as_json).await,
        License::Find { text } => return look::find(service, &text, as_json).await,
        License::Explain(command) => return look::explain(service, command, as_json).await,
        License::Show { id } => admin.license(license_id(service, &id).await?, &Operator::Host.fresh()).await?,
        License::Suspend { id, no_mail } => {
            admin.suspend_license(license_id(service, &id).await?, notify(no_mail)).await?
        }
        License::Reinstate { id, no_mail } => {
            admin.reinstate_license(license_id(service, &id).await?, notify(no_mail)).await?
        }
        License::Renew { id, no_mail } => admin.renew_license(license_id(service, &id).await?, notify(no_mail)).await?,
        License::Set(set) => admin.change_license(license_id(service, &set.id).await?, read_change(*set)?).await?,
        License::NewKey { id, yes, no_mail } => {
            let id = license_id(service, &id).await?;
            let issued = admin.license(id, &Operator::Host.fresh()).await?;
            let question = format!(
                "Replace the key {} of {}? The old key will stop working.",
                issued.key.tail(),
                issued.owner.email
            );
            if confirm(yes, &question)? == Answer::No {
                return Err(Failure::Refused("not replaced".to_owned()));
            }
            admin.replace_license_key(id, notify(no_mail)).await?
        }
        License::Export { output, format } => return transfer::export(service, output, format, as_json).await,
        License::Import { file, format, partial, yes } => {
            let terms = ImportTerms { is_partial: partial, may_repeat: yes };
            return transfer::import(service, &file, format, terms, as_json).await;
        }
        License::Revoke { id, yes, no_mail } => {
            let id = license_id(service, &id).await?;
            let issued = admin.license(id, &Operator::Host.fresh()).await?;
            let question = format!("Permanently revoke the license {} of {}?", issued.key.tail(), issued.owner.email);
            if confirm(yes, &question)? == Answer::No {
                return Err(Failure::Refused("not revoked".to_owned()));
            }
            admin.revoke_license(id, notify(no_mail)).await?
        }
    };
    if as_json {
        let license = describe::license(&issued.view, &issued.key, &issued.owner);
        let mailed_to = issued.mailed_to.as_ref().map(EmailAddress::as_str);
        console::json(&with(license, [("mailed_to", json!(mailed_to))]));
    } else {
        print(&issued);
    }
    Ok(())
}

pub(super) fn notify(no_mail: bool) -> Notify {
    if no_mail { Notify::Nobody } else { Notify::Customer }
}

fn read_change(set: LicenseSet) -> Result<LicenseChange, Failure> {
    let limit = |name: &str, text: Option<String>| match text.as_deref() {
        None => Ok(None),
        Some("policy") => Ok(Some(None)),
        Some(text) => text
            .parse()
            .map(|limit| Some(Some(limit)))
            .map_err(|_| Failure::Usage(format!("--{name} {text:?} is not a number: use a number, or policy"))),
    };
    let metadata = match set.metadata.as_deref() {
        None => None,
        Some(text) => Some(
            serde_json::from_str(text)
                .map_err(|error| Failure::Usage(format!("--metadata is not a JSON object: {error}")))?,
        ),
    };
    Ok(LicenseChange {
        owner: set.owner.as_deref().map(address).transpose()?,
        policy: set.policy,
        expiry: set.expires.as_deref().map(read_end).transpose()?,
        max_machines: limit("max-machines", set.max_machines)?,
        max_cores: limit("max-cores", set.max_cores)?,
        max_uses: limit("max-uses", set.max_uses)?,
        uses: set.uses,
        metadata,
        add_entitlements: set.add_entitlement,
        remove_entitlements: set.remove_entitlement,
    })
}

/// Parses `--expires`. A date without a time lasts through its day.
fn read_end(text: &str) -> Result<Option<Timestamp>, Failure> {
    if text == "never" {
        return Ok(None);
    }
    Timestamp::parse_end(text).map(Some).ok_or_else(|| {
        Failure::Usage(format!("--expires {text:?} is not a time: use 2027-01-31T00:00:00Z, 2027-01-31, or never"))
    })
}

fn print(issued: &IssuedLicense) {
    let IssuedLicense { view, key, owner, mailed_to } = issued;
    console::line(&format!("License   {}", view.license.id));
    console::line(&format!("Key       {}", key.expose()));
    console::line(&format!("Status    {}", describe::status(view)));
    console::line(&format!("Policy    {}", view.policy.code));
    console::line(&format!("Customer  {}", owner.email));
    let expiry = match view.license.expiry {
        Expiry::Never => "never".to_owned(),
        Expiry::AfterFirstUse => "after the first use".to_owned(),
        Expiry::At(at) => at.human(),
    };
    console::line(&format!("Expires   {expiry}"));
    let limit = view.machine_limit_with_overage.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    if !view.individual_entitlements.is_empty() {
        let own: Vec<&str> = view.individual_entitlements.iter().map(EntitlementCode::as_str).collect();
        console::line(&format!("Granted   {}", own.join(", ")));
    }
    console::line(&format!("Machines  {} of {limit}", view.machine_count));
    for machine in &view.machines {
        console::line(&format!("          {}, last seen {}", machine.label(), machine.last_seen_at.human()));
    }
    let hidden = usize::try_from(view.machine_count).unwrap_or(usize::MAX).saturating_sub(view.machines.len());
    if hidden > 0 {
        console::line(&format!("          and {hidden} more"));
    }
    if let Some(address) = mailed_to {
        console::line(&format!("A mail was queued to {address}."));
    }
}
