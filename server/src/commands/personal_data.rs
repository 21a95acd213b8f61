//! `account …`

use latchkey_service::{DeleteAccountError, Operator, Service};
use serde_json::json;

use crate::{
    cli::Account,
    commands::terminal::{
        arguments::{address, no_account},
        confirmation::{Answer, confirm},
    },
    console,
    startup::Failure,
};

impl From<DeleteAccountError> for Failure {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::Staff => Self::Refused(format!("{error}, with `latchkey admin remove`")),
            DeleteAccountError::NotFound
            | DeleteAccountError::NotFresh
            | DeleteAccountError::Deleted
            | DeleteAccountError::Unfinished(_) => Self::Refused(error.to_string()),
            DeleteAccountError::Internal(error) => Self::Internal(error),
        }
    }
}

pub(crate) async fn account(service: &Service, command: Account, as_json: bool) -> Result<(), Failure> {
    match command {
        // The document is JSON in any case.
        Account::Export { email } => {
            let data = service.admin(Operator::Host).export_account(&address(&email)?, &Operator::Host.fresh()).await?;
            console::json(&data);
            Ok(())
        }
        Account::Delete { email, yes } => delete(service, &email, yes, as_json).await,
    }
}

async fn delete(service: &Service, email: &str, yes: bool, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    let email = address(email)?;
    let account = admin.find_account(&email).await?.ok_or_else(|| no_account(&email))?;
    let plan = admin.plan_deletion(account.id).await?;
    if !plan.unfinished.is_empty() {
        return Err(DeleteAccountError::Unfinished(plan.unfinished).into());
    }
    let question = format!(
        "Delete the account {email}? The address, the name, sessions, mails and notes are erased. Licenses ({}) then belong to nobody, and orders ({}) are kept without the address. This cannot be undone.",
        plan.licenses, plan.orders
    );
    if confirm(yes, &question)? == Answer::No {
        return Err(Failure::Refused("not deleted".to_owned()));
    }
    let deleted = admin.delete_account(&account, &Operator::Host.fresh()).await?;
    if as_json {
        console::json(&json!({
            "id": deleted.id.to_string(),
            "deleted": true,
            "licenses": deleted.licenses,
            "orders": deleted.orders,
            "mailed_to": email.as_str(),
        }));
    } else {
        console::line(&format!(
            "Deleted the account {email}: {}. {email} gets a last mail. Licenses that belong to nobody: {}. Orders kept: {}.",
            deleted.id, deleted.licenses, deleted.orders
        ));
    }
    Ok(())
}
