//! `admin …` and `customer …`

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{Account, AdminError, Operator, Service};
use serde_json::{Value, json};

use crate::{
    cli::{Admin, Customer},
    commands::licenses,
    console,
    startup::Failure,
};

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Internal(error) => Self::Internal(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Reads an address from the command line.
pub(super) fn address(text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text).map_err(|error| Failure::Usage(format!("{text:?} is {error}")))
}

pub(super) async fn admin(service: &Service, command: Admin, as_json: bool) -> Result<(), Failure> {
    let Admin::Add { email } = command;
    let (account, link) = service.admin(Operator::Host).add_admin(&address(&email)?).await?;
    if as_json {
        let more = [("sign_in_url", json!(*link.url)), ("minutes", json!(link.minutes))];
        console::json(&with(describe(&account), more));
    } else {
        console::line(&format!(
            "{} is an admin. This link signs in once, within {} minutes:",
            account.email, link.minutes
        ));
        console::line(&link.url);
    }
    Ok(())
}

pub(super) async fn customer(service: &Service, command: Customer, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    match command {
        Customer::Add { email, name } => {
            let (account, is_new) = admin.add_customer(&address(&email)?, name).await?;
            if as_json {
                console::json(&with(describe(&account), [("created", json!(is_new))]));
            } else if is_new {
                console::line(&format!("{} is a customer now: {}", account.email, account.id));
            } else {
                console::line(&format!("{} has an account already: {}", account.email, account.id));
            }
        }
        Customer::Show { email } => {
            let record = admin.customer(&address(&email)?).await?;
            if as_json {
                let licenses =
                    record.licenses.iter().map(|(view, key)| licenses::describe(view, key, &record.account)).collect();
                let history = record
                    .history
                    .iter()
                    .map(|entry| json!({ "at": entry.at.rfc3339(), "actor": entry.actor.kind(), "verb": entry.event.verb() }))
                    .collect();
                console::json(&with(describe(&record.account), [("licenses", licenses), ("history", history)]));
                return Ok(());
            }
            let account = &record.account;
            console::line(&format!("{}  {}  {}", account.email, account.role.as_str(), account.id));
            if let Some(name) = &account.name {
                console::line(&format!("Name: {name}"));
            }
            console::line(&format!("Since: {}", account.created_at.human()));
            for (view, _) in &record.licenses {
                console::line(&licenses::one_line(view));
            }
            if record.licenses.is_empty() {
                console::line("No licenses.");
            }
            for entry in &record.history {
                console::line(&format!("{}  {}  by {}", entry.at.human(), entry.event.verb(), entry.actor.kind()));
            }
        }
    }
    Ok(())
}

/// An object with more members.
fn with<const N: usize>(object: Value, more: [(&str, Value); N]) -> Value {
    let mut members = match object {
        Value::Object(members) => members,
        other => return other,
    };
    members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(members)
}

fn describe(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "email": account.email.as_str(),
        "name": account.name,
        "role": account.role.as_str(),
        "disabled": account.disabled_at.is_some(),
        "created_at": account.created_at.rfc3339(),
    })
}
