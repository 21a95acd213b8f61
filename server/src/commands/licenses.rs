//! `license …`

use latchkey_licensing::{ids::LicenseId, key, key::LicenseKey, license::Standing, time::Timestamp};
use latchkey_service::{Account, IssuedLicense, LicenseView, Operator, Service};
use serde_json::{Value, json};

use super::accounts::address;
use crate::{
    cli::License,
    console::{self, Confirmed},
    startup::Failure,
};

pub(super) async fn license(service: &Service, command: License, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let issued = match command {
        License::Issue { email, policy } => admin.issue_license(&address(&email)?, &policy).await?,
        License::Show { id } => admin.license(read_id(&id)?).await?,
        License::Suspend { id } => admin.suspend_license(read_id(&id)?).await?,
        License::Reinstate { id } => admin.reinstate_license(read_id(&id)?).await?,
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
        "max_machines": view.machine_limit,
        "machines": machines,
        "expires_at": license.end.at().map(Timestamp::rfc3339),
        "created_at": license.created_at.rfc3339(),
    })
}

/// A license in a list.
pub(super) fn one_line(view: &LicenseView) -> String {
    let license = &view.license;
    let masked = key::masked(&license.key_prefix, &license.key_tail);
    format!("{}  {masked}  {}  {}", license.id, status(view), view.policy.code)
}

fn print(issued: &IssuedLicense) {
    let IssuedLicense { view, key, owner } = issued;
    console::line(&format!("License   {}", view.license.id));
    console::line(&format!("Key       {}", key.expose()));
    console::line(&format!("Status    {}", status(view)));
    console::line(&format!("Policy    {}", view.policy.code));
    console::line(&format!("Customer  {}", owner.email));
    let limit = view.machine_limit.map_or_else(|| "any number".to_owned(), |limit| limit.to_string());
    console::line(&format!("Machines  {} of {limit}", view.machines.len()));
    for machine in &view.machines {
        console::line(&format!("          {}, last seen {}", machine.label(), machine.last_seen_at.human()));
    }
}
