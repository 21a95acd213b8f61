//! `admin …` and `customer …`

use latchkey_service::{
    Account, AccountError, Accounts, AddAdminError, HostLink, Operator, Service, StaffError, StaffRole,
};
use serde_json::{Value, json};

use crate::{
    cli::{self, Admin, Customer, lists::CustomerList},
    commands::terminal::{
        arguments::{address, no_account},
        confirmation::{Answer, confirm},
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

impl From<StaffError> for Failure {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::NotStaff(_) => Self::Refused(format!("{error}: `latchkey admin list` lists all")),
            StaffError::AccountDisabled(_) | StaffError::LastAdmin => Self::Refused(error.to_string()),
            StaffError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NotFound(email) => no_account(&email),
            AccountError::LastAdmin => Self::Refused(error.to_string()),
            AccountError::Internal(error) => Self::Internal(error),
        }
    }
}

pub(crate) async fn admin(service: &Service, command: Admin, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let fresh = Operator::Host.fresh();
    match command {
        Admin::Add { email, role } => {
            let role = match role {
                cli::StaffRole::Support => StaffRole::Support,
                cli::StaffRole::Admin => StaffRole::Admin,
            };
            let (account, link) = admin.add_staff(&address(&email)?, role, &fresh).await?;
            let is = match role {
                StaffRole::Support => "is a support agent",
                StaffRole::Admin => "is an admin",
            };
            print_link(&account, &link, as_json, is);
        }
        Admin::List => {
            let staff = admin.list_staff().await?;
            if as_json {
                console::json(&Value::Array(staff.iter().map(describe::account).collect()));
            } else if staff.is_empty() {
                console::line("There are no admins. Add one with `latchkey admin add EMAIL`.");
            }
            for account in staff.iter().filter(|_| !as_json) {
                let disabled = if account.disabled_at.is_some() { "  disabled" } else { "" };
                console::line(&format!("{}  {}{disabled}", account.email, account.role.as_str()));
            }
        }
        Admin::Reset { email, yes } => {
            let email = address(&email)?;
            let question = format!("Remove all passkeys and recovery codes of {email}, and sign them out everywhere?");
            if confirm(yes, &question)? == Answer::No {
                return Err(Failure::Refused("not reset".to_owned()));
            }
            let (account, link) = admin.reset_staff(&email, &fresh).await?;
            print_link(&account, &link, as_json, "has no passkey any more");
        }
        Admin::Remove { email, yes } => {
            let email = address(&email)?;
            let question = format!("Make {email} a customer, and sign them out everywhere?");
            if confirm(yes, &question)? == Answer::No {
                return Err(Failure::Refused("not removed".to_owned()));
            }
            let account = admin.remove_staff(&email, &fresh).await?;
            if as_json {
                console::json(&describe::account(&account));
            } else {
                console::line(&format!("{} is a customer.", account.email));
            }
        }
    }
    Ok(())
}

fn print_link(account: &Account, link: &HostLink, as_json: bool, is: &str) {
    if as_json {
        let more = [("sign_in_url", json!(*link.url)), ("minutes", json!(link.minutes))];
        console::json(&with(describe::account(account), more));
        return;
    }
    console::line(&format!("{} {is}. This link signs in once, within {} minutes:", account.email, link.minutes));
    console::line(&link.url);
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
