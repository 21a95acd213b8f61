//! `license …`

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::LicenseId,
    license::{End, Standing},
    license_key,
    license_key::LicenseKey,
    time::Timestamp,
};
use latchkey_service::{Account, IssuedLicense, LicenseChange, LicenseView, Operator, Service};
use serde_json::{Value, json};

use crate::{
    cli::{License, LicenseSet},
    commands::{accounts::address, catalog::NO_PRODUCTS, license_files},
    console::{self, Confirmed},
    startup::Failure,
};

pub(super) async fn license(service: &Service, command: License, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let issued = match command {
        License::Issue { email, policy } => {
            let email = address(&email)?;
            if service.is_catalog_empty().await? {
                return Err(Failure::Refused(NO_PRODUCTS.to_owned()));
            }
            admin.issue_license(&email, &policy).await?
        }
        License::Show { id } => admin.license(read_id(&id)?).await?,
        License::Suspend { id } => admin.suspend_license(read_id(&id)?).await?,
        License::Reinstate { id } => admin.reinstate_license(read_id(&id)?).await?,
        License::Renew { id } => admin.renew_license(read_id(&id)?).await?,
        License::Set(set) => admin.change_license(read_id(&set.id)?, read_change(*set)?).await?,
        License::NewKey { id, yes } => {
            let id = read_id(&id)?;
            let issued = admin.license(id).await?;
            let question = format!(
                "Replace the key {} of {}? It opens nothing from then on.",
                issued.key.tail(),
                issued.owner.email
            );
            if console::confirmed(yes, &question)? == Confirmed::No {
                return Err(Failure::Refused("not replaced".to_owned()));
            }
            admin.rotate_license_key(id).await?
        }
        License::Export { output, format } => return license_files::export(service, output, format, as_json).await,
        License::Import { file, format, partial } => {
            return license_files::import(service, &file, format, partial, as_json).await;
        }
        License::Revoke { id, yes } => {
            let id = read_id(&id)?;
            let issued = admin.license(id).await?;
            let question = format!("Revoke the license {} of {}, for good?", issued.key.tail(), issued.owner.email);
            if console::confirmed(yes, &question)? == Confirmed::No {
                return Err(Failure::Refused("not revoked".to_owned()));
            }
            admin.revoke_license(id).await?
        }
    };
    if as_json {
        console::json(&describe(&issued.view, &issued.key, &issued.owner));
    } else {
        print(&issued);
    }
    Ok(())
}

fn read_change(set: LicenseSet) -> Result<LicenseChange, Failure> {
    let limit = |name: &str, text: Option<String>| match text.as_deref() {
        None => Ok(None),
        Some("policy") => Ok(Some(None)),
        Some(text) => text
            .parse()
            .map(|limit| Some(Some(limit)))
            .map_err(|_| Failure::Usage(format!("--{name} {text:?} is no number: give one, or policy"))),
    };
    let metadata = match set.metadata.as_deref() {
        None => None,
        Some(text) => Some(
            serde_json::from_str(text)
                .map_err(|error| Failure::Usage(format!("--metadata is no JSON object: {error}")))?,
        ),
    };
    Ok(LicenseChange {
        owner: set.owner.as_deref().map(address).transpose()?,
        policy: set.policy,
        end: set.expires.as_deref().map(read_end).transpose()?,
        max_machines: limit("max-machines", set.max_machines)?,
        max_cores: limit("max-cores", set.max_cores)?,
        max_uses: limit("max-uses", set.max_uses)?,
        uses: set.uses,
        metadata,
        add_entitlements: set.add_entitlement,
        remove_entitlements: set.remove_entitlement,
    })
}

/// An end as people write it: a day begins at midnight UTC.
fn read_end(text: &str) -> Result<Option<Timestamp>, Failure> {
    if text == "never" {
        return Ok(None);
    }
    let at = Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")));
    at.map(Some).ok_or_else(|| {
        Failure::Usage(format!("--expires {text:?} is no time: write 2027-01-31T00:00:00Z, 2027-01-31, or never"))
    })
}

fn read_id(text: &str) -> Result<LicenseId, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "{text:?} is no license id: `latchkey customer show EMAIL` lists a customer's licenses with their ids"
        ))
    })
}

fn status(view: &LicenseView) -> &'static str {
    match view.license.standing {
        Standing::Revoked(_) => "REVOKED",
        Standing::Good | Standing::Suspended(_) => view.status.as_str(),
    }
}

/// A license as JSON.
pub(super) fn describe(view: &LicenseView, key: &LicenseKey, owner: &Account) -> Value {
    let license = &view.license;
    let machines: Vec<Value> = view
        .machines
        .iter()
        .map(|machine| json!({ "id": machine.id.to_string(), "name": machine.label(), "last_seen_at": machine.last_seen_at.rfc3339() }))
        .collect();
    json!({
        "id": license.id.to_string(),
        "status": status(view),
        "product": view.product.code,
        "policy": view.policy.code,
        "email": owner.email.as_str(),
        "account_id": owner.id.to_string(),
        "key": key.expose(),
        "max_machines": license.machine_limit(&view.policy),
        "machine_ceiling": view.machine_limit,
        "max_cores": license.core_limit(&view.policy),
        "max_uses": license.use_limit(&view.policy),
        "uses": license.uses,
        "metadata": serde_json::from_str::<Value>(&license.metadata).unwrap_or_default(),
        "own_entitlements": view.own_entitlements.iter().map(EntitlementCode::as_str).collect::<Vec<_>>(),
        "machines": machines,
        "expires_at": license.end.at().map(Timestamp::rfc3339),
        "begins_with_first_use": license.end == End::AfterFirstUse,
        "created_at": license.created_at.rfc3339(),
    })
}

/// A license in a list.
pub(super) fn one_line(view: &LicenseView) -> String {
    let license = &view.license;
    let masked = license_key::masked(&license.key_prefix, &license.key_tail);
    format!("{}  {masked}  {}  {}", license.id, status(view), view.policy.code)
}

fn print(issued: &IssuedLicense) {
    let IssuedLicense { view, key, owner } = issued;
    console::line(&format!("License   {}", view.license.id));
    console::line(&format!("Key       {}", key.expose()));
    console::line(&format!("Status    {}", status(view)));
    console::line(&format!("Policy    {}", view.policy.code));
    console::line(&format!("Customer  {}", owner.email));
    let end = match view.license.end {
        End::Never => "never".to_owned(),
        End::AfterFirstUse => "begins with the first use".to_owned(),
        End::At(at) => at.human(),
    };
    console::line(&format!("Ends      {end}"));
    let limit = view.machine_limit.map_or_else(|| "any number".to_owned(), |limit| limit.to_string());
    if !view.own_entitlements.is_empty() {
        let own: Vec<&str> = view.own_entitlements.iter().map(EntitlementCode::as_str).collect();
        console::line(&format!("Given     {}", own.join(", ")));
    }
    console::line(&format!("Machines  {} of {limit}", view.machines.len()));
    for machine in &view.machines {
        console::line(&format!("          {}, last seen {}", machine.label(), machine.last_seen_at.human()));
    }
}
