//! `admin …` and `customer …`

use latchkey_service::{AccountError, Accounts, AddAdminError, Operator, Service};
use serde_json::json;

use crate::{
    cli::{Admin, Customer, lists::CustomerList},
    commands::terminal::{
        arguments::{address, no_account},
        describe::{self, with},
        listing::{self, Fields},
    },
    console,
    startup::Failure,
};

impl From<AddAdminError> for Failure {
    fn from(error: AddAdminError) -> Self {
        match error {
            AddAdminError::AccountDisabled(_) => Self::Refused(error.to_string()),
            AddAdminError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NotFound(email) => no_account(&email),
            AccountError::Internal(error) => Self::Internal(error),
        }
    }
}

pub(crate) async fn admin(service: &Service, command: Admin, as_json: bool) -> Result<(), Failure> {
    let Admin::Add { email } = command;
    let (account, link) = service.admin(Operator::Host).add_admin(&address(&email)?, &Operator::Host.fresh()).await?;
    if as_json {
        let more = [("sign_in_url", json!(*link.url)), ("minutes", json!(link.minutes))];
        console::json(&with(describe::account(&account), more));
    } else {
        console::line(&format!(
            "{} is an admin. This link signs in once, within {} minutes:",
            account.email, link.minutes
        ));
        console::line(&link.url);
    }
    Ok(())
}

pub(crate) async fn customer(service: &Service, command: Customer, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    match command {
        Customer::Add { email, name } => {
            let (account, is_new) = admin.add_customer(&address(&email)?, name).await?;
            if as_json {
                console::json(&with(describe::account(&account), [("created", json!(is_new))]));
            } else if is_new {
                console::line(&format!("Created the customer {}: {}", account.email, account.id));
            } else {
                console::line(&format!("{} already has an account: {}", account.email, account.id));
            }
        }
        Customer::List(CustomerList { text, role, banned, licenses, from, to, list }) => {
            let fields = Fields::new(&list)
                .add("q", text)
                .add("role", role)
                .add("banned", banned)
                .add("licenses", licenses)
                .add("from", from)
                .add("to", to);
            let shown = &["email", "name", "role", "licenses", "machines", "created_at"];
            listing::list::<Accounts>(service, fields, &list, shown, as_json).await?;
        }
        Customer::Show { email } => {
            let record = admin.customer(&address(&email)?, &Operator::Host.fresh()).await?;
            if as_json {
                let licenses =
                    record.licenses.iter().map(|(view, key)| describe::license(view, key, &record.account)).collect();
                let history = record
                    .history
                    .iter()
                    .map(|entry| json!({ "at": entry.at.rfc3339(), "actor": entry.actor.kind(), "verb": entry.event.verb() }))
                    .collect();
                console::json(&with(
                    describe::account(&record.account),
                    [("licenses", licenses), ("history", history)],
                ));
                return Ok(());
            }
            let account = &record.account;
            console::line(&format!("{}  {}  {}", account.email, account.role.as_str(), account.id));
            if let Some(name) = &account.name {
                console::line(&format!("Name: {name}"));
            }
            console::line(&format!("Created: {}", account.created_at.human()));
            for (view, _) in &record.licenses {
                console::line(&describe::license_line(view));
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
